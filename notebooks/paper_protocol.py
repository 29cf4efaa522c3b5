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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/paper_protocol.ipynb)

# %% [markdown]
# # Follow the paper's own protocol
#
# BP, FA and DFA train to the end as in Nøkland (2016), and end close together on test images.
#
# **The question.** [BP and DFA side by side](bp_vs_dfa.ipynb) stopped after a few epochs of plain gradient descent, far from what either rule can do. How do BP, FA and DFA compare when all are trained to the end, the way Nøkland (2016) trained them?
#
# **What you will see**
#
# - RMSprop in the place of plain gradient descent, in four lines;
# - the three rules side by side, live, on a part of the training images;
# - the same three from a stored run of the whole protocol, beside the published errors.

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
hidden_sizes: list[int] = [800, 800]  # widths of the hidden layers
learning_rate: float = 0.0001  # of RMSprop
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 8  # passes over the training set, at most
stop_train_error: Optional[float] = 0.01  # percent; null is never
seeds: list[int] = [0, 1, 2]  # one network each
feedback_scale: float = 1.0  # factor of the range of the feedback matrices
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 10000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# **Feedback alignment** (FA) is the step between BP and DFA.
# The error still travels down layer by layer, but through fixed random matrices instead of the transposed weights:
#
# $$
# \delta_l = (\delta_{l+1} B_{l+1}) \odot f'(a_l)
# $$
#
# **RMSprop** divides each gradient $g$ by the root of its own running mean square:
#
# $$
# \begin{aligned}
# m &\leftarrow 0.99\, m + 0.01\, g^2 \\
# w &\leftarrow w - \eta\, g \,/\, (\sqrt m + \epsilon)
# \end{aligned}
# $$
#
# This is done for every weight by itself. So the direction of the step is not that of the gradient: a weight whose gradients are always small takes steps as large as any other.
# What cancels is a factor that is common to all gradients of a weight.
# This matters here: how large the errors are that DFA sends to a layer is set by the scale of a random matrix, which is such a factor, and with plain gradient descent that scale is a hidden learning rate for every layer.
#
# Both in code:

# %%
from dfa_utils import BP, DFA, FA
from dfa_utils.array.kernels import plain_rmsprop

chapter.show(FA.send, plain_rmsprop)

# %% [markdown]
# The rest of the protocol: inputs in $[0, 1]$, tanh units, logistic outputs with binary cross-entropy, errors summed over mini-batches of 64.
# A seed stops after the epoch in which its train error is at most 0.01 percent, and the test error of that epoch is the one that counts.
# (The code that the author released stops by a running mean of the train error over epochs, a little later.)
# FA and DFA start from zero, BP from $\pm 1/\sqrt{\text{fan-in}}$, which is where a run with these rules starts by itself; the feedback matrices come from $\pm 1/\sqrt{\text{fan-out}}$, fan-out being the width of the layer that receives.
#
# Two things to know about it.
# The learning rate is that of the released code; the paper says that it was chosen roughly, for BP, and used for all three rules. So neither FA nor DFA has a rate of its own here.
# And in the released code FA is not quite what the paper describes: its feedback is a copy of the initial weights, and its first layer is not set to zero. This chapter follows the paper; the other way is a choice of parameters in [*Run your own*](single_run.ipynb).
#
# ## The experiment
#
# The three runs differ in nothing but the rule and where the network starts:

# %%
from dfa_utils import Network, Recipe, RMSprop, Run, UniformFanOut, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes)
summed = {"reduction": "sum", "batch_size": batch_size}

# %%
runs = {}
for kind in (BP, FA, DFA):
    print(kind.name)
    learning_rule = kind(UniformFanOut(feedback_scale))
    recipe = Recipe(learning_rule, RMSprop(learning_rate), **summed)
    runs[kind.name] = Run(network, recipe, data, seeds).fit(
        num_epochs,
        stop=stop_train_error,
        checkpoint=chapter.checkpoint(f"paper_protocol_{kind.name}"),
        report=chapter.report(4),
    )

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch of the short run, with one curve each for BP, FA and DFA."}, "figure": {"caption": "The live run: a part of the training images, few epochs.", "name": "fig-protocol-live"}}
from dfa_utils.figures import plot_error_curves

figure = plot_error_curves({name: runs[name].history for name in runs})

# %% tags=["hide-input"]
order = ("bp", "fa", "dfa")
chapter.record_errors({name: runs[name.upper()] for name in order})

# %% [markdown]
# ### To the end
#
# The whole protocol takes far longer on a processor than a chapter should, so its curves come from a stored run of [*Run your own*](single_run.ipynb), with all training images and up to 300 epochs.
# A seed that has stopped keeps its last value.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch of the stored run, with one curve each for BP, FA and DFA. The train error falls until each rule stops; the test error levels off long before."}, "figure": {"caption": "The stored run of the whole protocol, two hidden layers of 800 tanh units.", "name": "fig-protocol-full"}}
from dfa_utils import load_history

cell = "paper_table/2x800_tanh_"
stored = {name: load_history(cell + name.lower()) for name in runs}
figure = plot_error_curves(stored)

# %% [markdown]
# Its test errors in percent at the epoch in which each seed stopped, beside the published ones:

# %% tags=["hide-input"]
from dfa_utils import record_errors
from dfa_utils.chapter.stored import load_published

last = {}
for name in order:
    history = stored[name.upper()]
    paper = load_published()["2x800 tanh", name]
    last[name] = history.last("test_error")
    record_errors(f"stored_{name}", "test_error", last[name])
    print(f"  epochs {', '.join(map(str, history.epochs_run))}")
    print(f"  paper  {paper['test_error']} ± {paper['spread']}")

# %% [markdown]
# The published values are those of the paper's Table 1, which does not say how many runs its spread is over.
#
# All three rules come to fit all but a handful of the training images, and DFA takes the longest to do so.
# On test images they end close together, far closer than any of them is to the short runs of plain gradient descent.
# Are they apart at all? The difference between the means of two rules, and the probability of one as large if there were none (Welch's test):

# %% tags=["hide-input"]
from dfa_utils.chapter.verdicts import compare_means

compare_means("stored", last)

# %% [markdown]
# BP and DFA are about two of their standard deviations apart, and in the paper's row DFA is behind as well. With so few seeds, and three pairs compared, that is likely and not certain.
# FA and DFA are not told apart by them.
#
# ## What to try next
#
# - The live run on all images: `.venv/bin/papermill notebooks/paper_protocol.ipynb out.ipynb -p num_epochs 300 -y "train_samples: null"`
# - Weaker feedback: `.venv/bin/papermill notebooks/paper_protocol.ipynb out.ipynb -p feedback_scale 0.1`
#
# **Exercise.** With plain gradient descent, ten times weaker feedback would mean ten times smaller steps in the hidden layers. What does it change under RMSprop, at zero initial weights?
#
# <details><summary>Answer</summary>
#
# In the hidden layers of DFA a common factor of the gradient cancels, so nothing but rounding and the small $\epsilon$ is left of it.
# In FA it is the same for every layer, although the factors multiply on the way down.
# How much rounding can do is measured in [the chapter on scale and rate](scale_and_rate.ipynb): next to nothing at this learning rate, and as much as another seed at ten times the rate.
#
# </details>
#
# **Fill in.** One step of RMSprop with a smoothing of 0.99 and an $\epsilon$ of $10^{-8}$.


# %% tags=["exercise"]
def rmsprop(weights, gradient, mean_square, rate):
    """Return the weights and the mean square after the step."""
    ...  # three arrays of one shape, and a number


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise


def moved(w, g, m, rate, old=0.99, root=np.sqrt):
    m = old * m + (1 - old) * g * g
    return [w - rate * g / (root(m) + 1e-8), m]


arrays = np.array([1.0, 2.0]), np.array([3.0, -0.1]), np.array([0.0, 1.0])
check_exercise(
    rmsprop,
    [((*arrays, 0.1), moved(*arrays, 0.1))],
    {
        "old and new have changed places": lambda *a: moved(*a, old=0.01),
        "the root is missing": lambda *a: moved(*a, root=lambda m: m),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def rmsprop(weights, gradient, mean_square, rate):
#     mean_square = 0.99 * mean_square + 0.01 * gradient**2
#     step = rate * gradient / (np.sqrt(mean_square) + 1e-8)
#     return weights - step, mean_square
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
# - Tieleman, Hinton (2012), *Lecture 6.5: RMSprop*, Coursera: Neural Networks for Machine Learning
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
