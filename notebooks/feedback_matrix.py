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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/feedback_matrix.ipynb)

# %% [markdown]
# # What may the feedback be?
#
# Random matrices of every kind, with noise and without, with as little as one bit: DFA is trained through each, until it stops working.
#
# **The question.** DFA sends the error through matrices that are drawn once, at random. What about them matters: their size, their distribution, how many entries are not zero, their rank, whether layers share one? And how faithfully must they carry the error?
#
# **What you will see**
#
# - the test error for each kind of feedback in one picture, with the places where it fails;
# - the angle between what is sent and the gradient, which does not always agree with it;
# - what of this could be said beforehand, from the way RMSprop makes its steps.

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
hidden_sizes: list[int] = [100, 100, 100]  # widths of the layers, all the same
learning_rate: float = 0.001  # of RMSprop
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
feedback_scale: float = 0.1  # root mean square of the entries of B
feedback_scales: list[float] = [1e-10, 1e-8, 1e-6, 0.01, 1.0, 100.0]  # others
zero_shares: list[float] = [0.5, 0.9, 0.95, 0.99]  # of the entries of B
ranks: list[int] = [1, 2, 3, 5, 7, 10]  # of B
noise_levels: list[float] = [0.3, 1.0, 3.0, 10.0, 30.0]  # times what is sent
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
# ### One size for all
#
# Matrices of different kinds are compared at equal size.
# The **size** of a matrix $B$ of $C$ rows and $m$ columns is here the root mean square of its entries, $\lVert B \rVert_{\mathrm F} / \sqrt{C m}$. A sparse matrix has larger entries where it has any, and one of low rank is longer in the directions that it has.
#
# Under plain gradient descent the size is [a learning rate of the hidden layers](scale_and_rate.ipynb), and whatever changes it changes that rate.
# So this chapter trains with [the paper's protocol](paper_protocol.ipynb): RMSprop, tanh units, all weights of zero at the start.
# RMSprop divides the gradient of **each weight** by the root of its own mean square.
# Hidden unit $j$ hears the error through column $j$ of $B$ alone, so the length of that column is a factor of all its gradients, and cancels:
#
# $$
# \delta_{lj} = \lVert b_j \rVert \; \Bigl( e \cdot \frac{b_j}{\lVert b_j \rVert} \Bigr) \, f'(a_{lj})
# $$
#
# What is left of a feedback matrix under RMSprop is one **direction** for each hidden unit: a row of the hidden layer is a crowd of units, each with its own mixture of the ten output errors. What this says beforehand:
#
# - **Scale** does not matter, until the gradients are as small as the $\epsilon$ that RMSprop adds to the root.
# - **Distributions** differ only in the directions that they prefer. Normal numbers prefer none, signs take the corners of a cube.
# - **Zeros** matter when whole columns vanish: such a unit is deaf, and stays at zero for ever. Exercise 1 asks how many are.
# - **Rank** $r$ means that all directions lie in $r$ dimensions: there are $C - r$ mixtures of errors that no unit of the layer ever hears.
# - **Orthogonal rows** of equal length make $e B$ a faithful picture of $e$, rotated. [The theory](../book/theory.md) proves for a linear network that then the errors of *each sample* are aligned, where for other matrices only the weights are. The angles should be narrower.
# - **Noise** is drawn anew for each image, while gradients are summed over a mini-batch and steps over mini-batches: much of it cancels. A single image hears little beside it, so the angle, which is taken image by image, should look worse than the learning is.
# - **The sign of the error** is known beforehand: with targets 0 and 1 [it never changes](paper_claims.ipynb). Feedback of that sign is $1 - 2 y$, knows the class, and does not fall silent when the network is right.
#
# ### Rules for the occasion
#
# Scale, distribution, zeros and rank are initialisers of the package; a matrix of a given rank is the product of two with orthogonal columns, so that all directions that it has are equally strong.
# All layers may use copies of one matrix, or matrices whose rows are at right angles to those of the other layers too: the slices of one tall orthogonal matrix.
#
# What is carried may be the sign of the error, or no more than the sign of $e B$ may arrive.
# And noise may be added to $e B$, with a level in units of the root mean square of $e B$ over the mini-batch and the layer:

# %%
from dfa_utils import initialisers as draw
from dfa_utils import rules_feedback as carry

chapter.show(draw.LowRank.__call__, carry.NoisyDFA.send)

# %% [markdown]
# ## The experiment
#
# One network, one thing changed at a time. Every variant has the same images in the same order, and the same seeds.

# %%
from dfa_utils import BP, DFA, Network, Recipe, RMSprop, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes)


def begin(kind, **start):
    """Return networks that have not been trained."""
    recipe = Recipe(kind, RMSprop(learning_rate), reduction="sum")
    return Run(network, recipe, data, seeds, **start)


# %% [markdown]
# The variants, as rules with their matrices:

# %%
usual, size = draw.Normal(feedback_scale), feedback_scale
names = "normal", "uniform", "signs", "orthogonal"
kinds = {
    "scale": {f"{s:g}": DFA(draw.Normal(s)) for s in feedback_scales},
    "share of zeros": {
        f"{z:g}": DFA(draw.Sparse(size, z)) for z in zero_shares
    },
    "rank": {f"{r}": DFA(draw.LowRank(size, r)) for r in ranks},
    "noise": {f"{n:g}": carry.NoisyDFA(usual, n) for n in noise_levels},
    "entries": {name: DFA(draw.INITIALISERS[name](size)) for name in names},
}
kinds["layers"] = {"one for all": carry.CopiedDFA(usual)}
kinds["layers"]["apart"] = carry.SlicedDFA(draw.Orthogonal(size))
kinds["bits"] = {"sign of e": carry.SignedErrorDFA(usual)}
kinds["bits"]["sign of eB"] = carry.SignedFeedbackDFA(usual)

# %% [markdown]
# What stops working is measured against networks whose hidden layers stay at random weights while the output layer learns, for as long and at the same rate: feedback that ends no better has taught the hidden layers nothing of use.

# %%
from dfa_utils import error_angles, record
from dfa_utils.chapter import variations, verdicts

runs = {t: {n: begin(k) for n, k in row.items()} for t, row in kinds.items()}
still = begin(BP(), frozen=range(len(hidden_sizes)))
runs["none"] = {"BP": begin(BP()), "hidden layers frozen": still}
follow = {"angle": error_angles}
ends = variations.train_each(runs, num_epochs, follow, chapter, "feedback")
level = variations.errors_of(ends.pop("none"))
errors = {
    title: {"DFA": variations.errors_of(row)} for title, row in ends.items()
}
angles = {
    title: variations.layers_of(row, "angle") for title, row in ends.items()
}
for name, value in (("errors", errors), ("angles", angles), ("level", level)):
    record(name, value)

# %% mystnb={"image": {"alt": "Seven small panels of the test error on a logarithmic scale, one for each thing that was varied: scale, share of zeros, rank, noise, entries, layers, bits. A dotted line marks networks with frozen hidden layers. The lines for scale, entries and layers are flat but for the smallest scale; those for zeros and noise rise to the right, that for rank falls, and each crosses the dotted line somewhere."}, "figure": {"caption": "Live run: test error of DFA by kind of feedback. A dot is a seed, the line their mean.", "name": "fig-feedback-matrix-live"}}
from dfa_utils.figures import plot_variations

figure = plot_variations(errors, "test error (%)", level)

# %%
stored = verdicts.StoredRun("feedback_matrix/mnist")
stored.show_parameters(chapter.parameters)

# %%
past = stored.records
figure = plot_variations(past["errors"], "test error (%)", past["level"])

# %%
figure = plot_variations(past["angles"], "degrees", logarithmic=False)

# %%
variations.judge_each(past["errors"], ("entries", "normal"), past["level"])

# %% [markdown]
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
