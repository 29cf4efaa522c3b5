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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/learning_before_learning.ipynb)

# %% [markdown]
# # Learn before there is anything to learn
#
# A network is trained on random noise with random labels, then on images; it is compared with one that went to the images at once, and with one that heard its noise through other feedback matrices.
#
# **The question.** Under FA and DFA the weights have to [align with the feedback](alignment.ipynb) before the hidden layers are told anything useful. Does that take images, or will any input do?
#
# **What you will see**
#
# - how far noise alone aligns the weights with the feedback;
# - learning curves on images with and without noise before them, under FA, DFA and BP;
# - how much of the difference is the alignment, and how much is another effect of the noise.

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
hidden_sizes: list[int] = [100, 100]  # widths of the hidden layers
activation: str = "relu"  # of the hidden units: tanh, logistic or relu
init_scale: float = 2.45  # of the weights, in units of 1 / sqrt(fan-in)
learning_rate: float = 0.0003  # of RMSprop
batch_size: int = 64  # samples in a mini-batch
noise_epochs: int = 6  # as much noise as there are images, so many times
num_epochs: int = 5  # passes over the images
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 5000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Labels that have nothing to do with the input cannot be learned. What can be learned is not to pretend: a network that starts from random weights gives each input some outputs, and every one of them is an error.
# To unlearn them, the upper weights shrink along what they send forward; under FA and DFA the lower weights move along the feedback at the same time. What one layer unlearns through the other may leave the two aligned, whatever the input was. Whether it does is measured here, not why.
#
# ## What the paper did
#
# Cheon, Lee and Paik (2024) train networks by FA on random noise with random labels, and then on images. The abstract claims that the noise aligns the weights with the feedback; that the network then learns notably faster and reaches a higher accuracy, comparable to that of BP; and that the dimension of the weights falls, which helps on other data.
#
# We have read the abstract, and code of a later work by two of the authors (Cheon and Paik 2024): there each noise input is drawn anew from the standard normal distribution, with a label for which all classes are equally probable. Widths, initial weights, optimizer, rate, amount of noise and seeds of the paper itself are not known to us.
# Here two hidden layers learn by RMSprop from cross-entropy. The noise is that of the later work. DFA and BP are run as well.
# Of some settings that we tried briefly this is the one with the largest effect: with tanh units and small initial weights, noise did next to nothing. So what is seen here is possible, and not typical.
#
# ## The controls
#
# - **Through other matrices.** Noise does more than align: it also leaves outputs that claim nothing, and weights of another size. A network that hears its noise through feedback matrices of its own for the noise, and the images through others, has all of this but the alignment.
# - **BP** needs no alignment: what noise does to it is something else.
# - **More images.** Noise is not free. A network that goes to the images at once may see them for as many steps more as the other has spent on noise.
#
# ## How a claim is judged
#
# By a stored run with more images and seeds. *Clearly* means, seed by seed, by more than twice the standard deviation over the seeds. Fixed before that run, for FA and DFA each:
#
# - **aligned**: after the noise the angle between the weights and the feedback is clearly below a right angle in every layer;
# - **faster**: after the first epoch of images the test error is clearly lower than without noise;
# - **better**: so it is after the last epoch, at equally many steps on images;
# - **by alignment**: after the first epoch it is clearly lower than with noise through other matrices;
# - **worth it**: after the last epoch it is clearly lower than without noise after as many steps in all, on images alone.
#
# And for BP whether it is **faster**.

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("learning_before_learning/mnist")
stored.show_parameters(chapter.parameters)

# %% [markdown]
# ## The experiment
#
# Noise is a data set like any other. Each share of it is as large as the set of images, and new:

# %%
from dfa_utils import Network, load_dataset
from dfa_utils.studies import before

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)
chapter.show(before.noise_like)

# %% [markdown]
# Two angles are followed: between each feedback matrix and what the weights above it would send back, and between what a layer is sent for test images and what BP would send it.
# A run may be given another training set for each epoch. When images follow noise, the optimizer begins afresh, as it does where images are all there is.

# %%
from itertools import repeat

from dfa_utils import BP, DFA, FA, Recipe, RMSprop, Run, UniformFanIn

start = network.draw(seeds, UniformFanIn(init_scale), backend=chapter.backend)


def train(learning_rule, sets, params=start, shift=0):
    """Return a run that has seen a training set in each epoch."""
    optimizer = RMSprop(learning_rate)
    common = {"loss": "cross_entropy", "batch_size": batch_size}
    recipe = Recipe(learning_rule, optimizer, **common)
    draw = {"feedback_seeds": [seed + shift for seed in seeds]}
    run = Run(network, recipe, data, seeds, params=params, **draw)
    for part in sets:
        run.data = part
        run.fit(run.epoch + 1, measure={"angles": before.angles})
    return run


# %% [markdown]
# In the names below, `none` is images alone, `noise` is noise first, and `other` is noise through other matrices; those that end in `before` are the networks while they hear the noise, and their errors on images are those of guessing.

# %%
for learning_rule in (BP(), FA(), DFA()):
    name = learning_rule.name.lower()
    images = repeat(data, num_epochs + noise_epochs)
    before.record_course(f"{name}_none", train(learning_rule, images))
    for way, shift in {"noise": 0, "other": 1000}.items():
        if way == "noise" or name != "bp":
            shares = (before.noise_like(data, k) for k in range(noise_epochs))
            heard = train(learning_rule, shares, shift=shift)
            before.record_course(f"{name}_{way}_before", heard)
            images = repeat(data, num_epochs)
            seen = train(learning_rule, images, heard.params)
            before.record_course(f"{name}_{way}", seen)

# %% [markdown]
# ## What we see
#
# Before any image has been seen, noise turns the weights towards the feedback:

# %% mystnb={"image": {"alt": "A panel for each hidden layer with the angle between weights and feedback in degrees against the shares of noise, for FA and for DFA. The curves begin at about a right angle and fall by some degrees, but for that of FA in the first layer, which hardly falls."}, "figure": {"caption": "Stored run: angle between the weights and the feedback while the networks hear noise. An epoch is as much noise as there are images.", "name": "fig-before-noise"}}
from dfa_utils.figures import plot_measured

heard = {"FA": "fa_noise_before", "DFA": "dfa_noise_before"}
figure = plot_measured(stored.curves(heard, "weights"), "degrees")

# %% [markdown]
# What counts on images is what the layers are sent there. Under DFA:

# %% mystnb={"image": {"alt": "A panel for each hidden layer with the alignment angle on test images in degrees against the epoch of images, for networks that saw images alone, that heard noise first, and that heard it through other matrices. The curve of those that heard noise first begins lowest."}, "figure": {"caption": "Stored run of DFA: the angle between what a layer is sent for test images and what BP would send.", "name": "fig-before-sent"}}
sent = {words: f"dfa_{way}" for words, way in before.WAYS.items()}
epochs, curves = stored.parameters["num_epochs"], stored.curves(sent, "sent")
curves = {words: curve[: epochs + 1] for words, curve in curves.items()}
figure = plot_measured(curves, "degrees")

# %% mystnb={"image": {"alt": "Three panels, for BP, FA and DFA, with the test error against the epoch of images, for images alone, noise first, and noise through other matrices."}, "figure": {"caption": "Stored run: test error on images.", "name": "fig-before-errors"}}
errors = before.errors_by_rule(stored, ("bp", "fa", "dfa"))
titles = ["BP", "FA", "DFA"]
figure = plot_measured(errors, "test error (%)", titles)

# %% [markdown]
# Test errors in percent after the first epoch of images, after the last, and on images alone after as many steps as noise and images make together; and the claims, by the stored run:

# %% tags=["hide-input"]
before.judge_noise(stored)

# %% [markdown]
# - **Noise aligns.** No image has been seen, and what the layers are sent for images is already some degrees nearer to what BP would send. Under FA the weights have hardly turned towards the matrix of the first layer, and by some degrees towards that of the last hidden layer; under DFA they have towards both.
# - **The network is faster**, under FA and DFA, by a wide margin in the first epoch. A part of that is not alignment that the noise has made: noise through other matrices makes none, and yet the error is lower in the mean than without noise, clearly so under DFA and not under FA (for this no rule was set). What is left between the two kinds of noise is clear under both, and this is the alignment. What the other effect is we have not measured. That large random outputs are unlearned is a likely part of it; and after noise through other matrices the first layer aligns faster on images than without noise, as the figure shows, so alignment may have a share in it too.
# - **It is not better in the end**, by our rule. After the last epoch, at equally many steps on images, the networks that have heard noise are ahead in the mean, but not clearly. So the second half of the paper's claim is not confirmed here; nor do FA and DFA come to the errors that BP has after as many epochs.
# - **Noise costs as much as images.** Spent on images, the same number of steps leaves an error that is lower, clearly so under FA and DFA, though our rule asked only for the opposite.
# - **BP** gains nothing: it has no feedback to align with, and after noise it is behind in the mean from the first epoch to the last.
#
# Where images are there, they teach what noise does, and more. Whether noise is worth its time where images are scarce was not run.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - More noise: `.venv/bin/papermill notebooks/learning_before_learning.ipynb out.ipynb -p noise_epochs 20`
# - Small initial weights, which have little to unlearn: `.venv/bin/papermill notebooks/learning_before_learning.ipynb out.ipynb -p init_scale 1.0`
# - Units of another kind: `.venv/bin/papermill notebooks/learning_before_learning.ipynb out.ipynb -p activation tanh`
#
# **Exercise.** With small initial weights the weights hardly align. Why?
#
# <details><summary>Answer</summary>
#
# What aligns them is that the network unlearns what it says about noise. With small weights its outputs are close to equal for all classes from the start, and there is next to nothing to unlearn.
#
# </details>
#
# **Fill in.** Labels without meaning: replace each of the given ones by one drawn from all classes, the right one included.


# %% tags=["exercise"]
def meaningless(labels, classes, rng):
    """Return labels that have nothing to do with the given ones."""
    ...  # labels (images,); rng is a numpy.random.Generator


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

labels, rng = np.array([0, 0, 0, 0, 1, 1]), np.random.default_rng(0)
drawn = np.random.default_rng(0).integers(0, 3, 6)
check_exercise(
    meaningless,
    [((labels, 3, rng), drawn)],
    {
        "shuffling keeps how often each class occurs": lambda a, _, r: (
            r.permutation(a)
        )
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def meaningless(labels, classes, rng):
#     return rng.integers(0, classes, len(labels))
# ```
#
# </details>
#
# **Fill in.** The angle between a feedback matrix $B$, from the outputs to a hidden layer, and the weights $W$ that lead from this layer to the outputs.


# %% tags=["exercise"]
def angle_between(feedback, weights):
    """Return degrees, for (classes, units) and (units, classes)."""
    ...


# %% tags=["hide-input", "exercise-check"]
B, W = np.array([[1.0, 2.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [2.0, 2.0]])


def untransposed(B, W):
    size = np.linalg.norm(B) * np.linalg.norm(W)
    return np.degrees(np.arccos(np.sum(B * W) / size))


check_exercise(
    angle_between,
    [((B, W), 0.0), ((np.eye(2), np.eye(2)[::-1]), 90.0)],
    {"the weights have to be transposed": untransposed},
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def angle_between(feedback, weights):
#     size = np.linalg.norm(feedback) * np.linalg.norm(weights)
#     cosine = np.sum(feedback * weights.T) / size
#     return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
# ```
#
# </details>
#
# ## Further reading
#
# - Cheon, Lee and Paik (2024), *Pretraining with Random Noise for Fast and Robust Learning without Weight Transport*, [arXiv:2405.16731](https://arxiv.org/abs/2405.16731)
# - Cheon and Paik (2024), *Pretraining with Random Noise for Uncertainty Calibration*, [arXiv:2412.17411](https://arxiv.org/abs/2412.17411), and [its code](https://github.com/cogilab/Random2)
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
