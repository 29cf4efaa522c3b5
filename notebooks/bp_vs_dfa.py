# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/bp_vs_dfa.ipynb)

# %% [markdown]
# # Train the same network with BP and with DFA
#
# A network of three hidden layers learns handwritten digits twice, once from the true gradient and once from errors sent through fixed random matrices, and you compare what it learned.
#
# **The question.** Can a network with three hidden layers learn handwritten digits when no layer is told the true gradient?
#
# This is the first of the two replications from which the book grew (追実験1, Japanese for *replication 1*).
#
# **What you will see**
#
# - train and test error of back-propagation (BP) and of direct feedback alignment (DFA), epoch by epoch;
# - what two scales have to do with it: the same with both ten times as large;
# - what each hidden layer makes of the test images, as t-SNE pictures and as two numbers.
#
# You need no GPU. With one, the same notebook runs on it.

# %% tags=["hide-input", "bootstrap"]
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from typing import Optional

if find_spec("dfa_utils") is None:  # on Colab
    repository = "https://github.com/root2116/direct-feedback-alignment"
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, f"dfa_utils @ git+{repository}@main"], check=True)
numpy = sys.modules.get("numpy")
if numpy and numpy.__version__ != version("numpy"):
    raise ImportError("NumPy was changed: restart the kernel, run all cells")
import dfa_utils

if getattr(dfa_utils, "__version__", "").rpartition(".")[0] != "0.2":
    place = dfa_utils.__file__ or [*dfa_utils.__path__]
    advice = "restart the kernel or, if it is found again, remove it"
    raise ImportError(f"{place} is not dfa_utils 0.2: {advice}")

# %% tags=["parameters"]
dataset: str = "mnist"  # mnist, fashion_mnist, cifar10, cifar100 or digits
hidden_sizes: list[int] = [400, 400, 400]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
learning_rate: float = 0.01  # of plain SGD
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 10  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
init_scale: float = 0.01  # deviation of the initial weights under BP
feedback_scale: float = 0.01  # deviation of the feedback matrices
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = None  # null is all
tsne_samples: int = 2000  # test images in the pictures
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Write a hidden layer as $h_l = f(a_l)$ with $a_l = h_{l-1} W_l + b_l$, rows being samples, and the error of the outputs as $e = \hat y - y$, outputs minus targets.
# Every weight matrix moves against its gradient $h_{l-1}^{\mathsf T} \delta_l$.
# The two rules differ only in the error $\delta_l$ that a hidden layer is sent ($\odot$ multiplies element by element):
#
# $$
# \begin{aligned}
# \text{BP:}\quad \delta_l &= (\delta_{l+1} W_{l+1}^{\mathsf T}) \odot f'(a_l) \\
# \text{DFA:}\quad \delta_l &= (e\, B_l) \odot f'(a_l)
# \end{aligned}
# $$
#
# BP sends the error down through the transposed weights, layer after layer.
# DFA multiplies the output error by a matrix $B_l$ that is drawn once and never changes.
#
# This is the code of the two rules, whole.
# `step.signal` is the output error $e$, `slope` is $f'(a_l)$, and each rule returns one error for each layer, that of the output layer last:

# %%
from dfa_utils import BP, DFA

chapter.show(BP.send, DFA.teach, DFA.send)

# %% [markdown]
# ## The experiment
#
# The outputs are logistic and the loss is binary cross-entropy, summed over the ten outputs and averaged over the mini-batch.
# Every seed has its own initial values and its own shuffles; all seeds train at once.

# %%
from dfa_utils import SGD, Network, Normal, Recipe, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)
common = {"loss": loss, "batch_size": batch_size}


# %%
def train(name, learning_rule, epochs, weights=None):
    """Train a network for each seed under a rule."""
    recipe = Recipe(learning_rule, SGD(learning_rate), **common)
    run = Run(network, recipe, data, seeds, weights=weights)
    kept = chapter.checkpoint(f"bp_vs_dfa_{name}")
    return run.fit(epochs, checkpoint=kept, report=chapter.report())


# %% [markdown]
# First BP, from small normal weights:

# %%
bp = train("bp", BP(), num_epochs, Normal(init_scale))

# %% [markdown]
# Then DFA, with fixed feedback.
# Where nothing is said about the weights, a run starts as its rule usually does, and DFA starts from zero: the feedback matrices are the only random thing in it.
# (A ReLU that starts at zero passes nothing on, so such a network starts from small random weights under either rule.)

# %%
dfa = train("dfa", DFA(Normal(feedback_scale)), num_epochs)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "Two panels of curves on a logarithmic scale, train error and test error against the epoch. In each, one curve stands for BP and one for DFA."}, "figure": {"caption": "Train and test error of the same network under BP and DFA.", "name": "fig-error-curves"}}
from dfa_utils.figures import plot_error_curves

figure = plot_error_curves({"BP": bp.history, "DFA": dfa.history})

# %% [markdown]
# The errors of the last epoch, in percent: the mean over the seeds and its sample standard deviation.

# %% tags=["hide-input"]
chapter.record_errors({"bp": bp, "dfa": dfa})

# %% [markdown]
# With the default parameters, look at the first epochs.
# BP stands still for a while: its weights are small, and the error shrinks by such a matrix at every layer on its way down.
# DFA has no such way to go, and is on its way down while BP still waits.
# Its first epoch is no triumph either: over that epoch, counted from the first mini-batch on, it still gets most training images wrong.

# %% tags=["hide-input"]
from dfa_utils import record_errors

for name, run in {"bp": bp, "dfa": dfa}.items():
    record_errors(f"{name}_epoch_1", "train_error", run.history.train_error[0])

# %% [markdown]
# By the last epoch BP is ahead. Is it because its errors are the true gradient?
#
# ### What the scales have to do with it
#
# Two numbers were chosen without trying others: the scale of BP's initial weights, through which its errors travel, and the scale of DFA's feedback matrices, which multiplies the steps of its hidden layers.
# Here are both rules with ten times those scales, the same learning rate, and half as many epochs:

# %%
half = max(1, num_epochs // 2)
large_bp = train("bp_x10", BP(), half, Normal(10 * init_scale))
large_dfa = train("dfa_x10", DFA(Normal(10 * feedback_scale)), half)

# %% tags=["hide-input"]
chapter.record_errors({"bp_x10": large_bp, "dfa_x10": large_dfa})

# %% [markdown]
# With the default parameters BP is ahead here too, now from the first epoch on. But in half the time its larger scale brings either rule about as far down as the two were apart, and DFA with it comes about as far as BP had come without.
# So who leads in the first epochs, and by how much, tells how two scales were chosen. Two choices for each are too few to say which rule learns faster.
# [The hidden learning rate](scale_and_rate.ipynb) explains DFA's scale and compares the rules where each has its own rate and scale; [the paper's own protocol](paper_protocol.ipynb) compares them trained to the end.

# %% [markdown]
# ### Inside the network
#
# t-SNE places test images in the plane so that neighbours stay neighbours.
# It sees no labels; the colours are added afterwards.
# The network of the first seed is shown, after the last epoch with the smaller scales.

# %% tags=["hide-input"]
from dfa_utils.figures import embed, plot_embeddings, show_embeddings

to_host, images = data.backend.to_host, data.test_images[:tsne_samples, :]
labels = to_host(data.test_labels[:tsne_samples])
pixels = {"input images": embed(to_host(images))}


def embed_layers(params):
    """Embed the outputs of each hidden layer of the first seed's network."""
    layers = enumerate(network.features(params, images), start=1)
    return {f"hidden layer {n}": embed(to_host(h)[0]) for n, h in layers}


# %% mystnb={"image": {"alt": "Scatter plots of test images embedded in the plane and coloured by class, one for the input images and one for each hidden layer of the network trained with BP."}, "figure": {"caption": "Inputs and hidden layers of the network trained with BP.", "name": "fig-embedding-bp"}}
bp_layers = embed_layers(bp.params)
figure = plot_embeddings(pixels | bp_layers, labels, data.class_names)

# %% mystnb={"image": {"alt": "The same scatter plots for the network trained with DFA: one for the input images and one for each hidden layer."}, "figure": {"caption": "Inputs and hidden layers of the network trained with DFA.", "name": "fig-embedding-dfa"}}
dfa_layers = embed_layers(dfa.params)
figure = plot_embeddings(pixels | dfa_layers, labels, data.class_names)

# %% [markdown]
# Both networks side by side, for some of the images: where does an image lie in each layer, and what does it look like?

# %% tags=["hide-input"]
panels = pixels | {f"BP, {title}": bp_layers[title] for title in bp_layers}
panels |= {f"DFA, {title}": dfa_layers[title] for title in dfa_layers}
known = (data.image_shape, labels, data.class_names)
show_embeddings(panels, to_host(images), *known)

# %% [markdown]
# A picture in the plane can flatter or hide. Two numbers for each layer, over all seeds, and for the pixels as well:
#
# - a **linear probe**: how many test images a linear map from the outputs of the layer, fitted to some of the training images, puts into another class;
# - **nearest neighbours**: for how many of the images of the pictures the nearest other one, by the outputs of the layer and not in the plane, is of another class.

# %% tags=["hide-input"]
from dfa_utils.chapter.probes import record_probes

record_probes({"bp": bp, "dfa": dfa}, tsne_samples)

# %% [markdown]
# With the default parameters and either rule, nearly all that makes the classes linearly separable comes in the first hidden layer, although that of DFA was never sent the gradient; the layers above add little or nothing.
# BP's layers separate them better than DFA's, at these scales.
# Neighbours tell another story: in BP's layers they are better than among the pixels, in DFA's they are not, and under either rule they do not get better from layer to layer.
# The pictures suggest that the clouds draw apart as one goes up. These numbers do not say so.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - What the scale of the feedback does, and both rules with a rate and a scale of their own: [the hidden learning rate](scale_and_rate.ipynb)
# - Longer training: `.venv/bin/papermill notebooks/bp_vs_dfa.ipynb out.ipynb -p num_epochs 50`
# - Other images: `.venv/bin/papermill notebooks/bp_vs_dfa.ipynb out.ipynb -p dataset fashion_mnist`
# - Softmax outputs: `.venv/bin/papermill notebooks/bp_vs_dfa.ipynb out.ipynb -p loss cross_entropy`
#
# **Exercise.** Why does BP not stand still at first when its initial weights are ten times as large, and why does the question not arise for DFA?
#
# <details><summary>Answer</summary>
#
# Larger weights carry the error down without shrinking it so much.
# DFA starts from zero weights: what reaches a hidden layer depends on its feedback matrix, not on weights.
#
# </details>
#
# **Fill in.** The logistic outputs are $\hat y = \sigma(a)$. What is the derivative of the binary cross-entropy with respect to the logits $a$?


# %% tags=["exercise"]
def output_error(logits, targets):
    """Return the output error, (images, classes)."""
    ...  # both arguments are (images, classes)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

logits, targets = np.array([[0.0, 2.0, -1.0]]), np.array([[0.0, 1.0, 0.0]])
outputs = 1 / (1 + np.exp(-logits))
check_exercise(
    output_error,
    [((logits, targets), outputs - targets)],
    {
        "that is its negative": lambda a, y: y - 1 / (1 + np.exp(-a)),
        "the logistic function is missing": lambda a, y: a - y,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def output_error(logits, targets):
#     return 1 / (1 + np.exp(-logits)) - targets
# ```
#
# </details>
#
# **Fill in.** And what does DFA send to a hidden layer with the outputs $h = \tanh(a)$? The derivative of $\tanh$ can be had from $h$ alone.


# %% tags=["exercise"]
def sent(error, feedback, h):
    """Return the error of a hidden layer, (images, units)."""
    ...  # (images, classes), (classes, units) and (images, units)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

error, matrix = np.array([[0.5, -1.0]]), np.array([[1.0, 2.0], [0.0, 4.0]])
h = np.array([[0.5, -0.8]])
check_exercise(
    sent,
    [((error, matrix, h), (error @ matrix) * (1 - h**2))],
    {
        "the slope is missing": lambda e, B, h: e @ B,
        "that is tanh taken twice": lambda e, B, h: (
            (e @ B) * (1 - np.tanh(h) ** 2)
        ),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sent(error, feedback, h):
#     return (error @ feedback) * (1 - h**2)
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
