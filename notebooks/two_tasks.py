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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/two_tasks.ipynb)

# %% [markdown]
# # Learn a second task
#
# A network that has learned five digits goes on with five others; what it has forgotten of the first is measured when it has learned the second equally well under each rule.
#
# **The question.** DFA does not follow the gradient, and its weights are drawn towards fixed matrices. Is that good for something: does a network forget less when it learns something new?
#
# **What you will see**
#
# - what is forgotten under BP, under DFA that keeps its matrices, and under DFA that draws others for the second task;
# - why this has to be compared where the second task is *equally* learned, and at several learning rates.

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
dataset: str = "mnist"  # mnist, fashion_mnist, cifar10 or digits
hidden_sizes: list[int] = [100, 100]  # widths of the hidden layers
sgd_rates: list[float] = [0.03, 0.1]  # learning rates of plain SGD
batch_size: int = 64  # samples in a mini-batch
stop_train_error: float = 3.0  # percent, where the first task ends
pretrain_epochs: int = 80  # passes over the first task, at most
num_epochs: int = 60  # passes over the second, at most
error_levels: list[float] = [30.0, 20.0, 15.0, 10.0]  # percent, of the second
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 4000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Train a network on one task and then on another one: what it knew of the first is overwritten, for nothing asks it to be kept. This is **catastrophic forgetting**.
#
# Of all weights that solve a task, DFA finds such as are aligned with its feedback matrices $B_l$ ([the theory](../book/theory.md)). A second task with the *same* matrices draws the weights to the same region; with *other* matrices, somewhere else.
#
# ## What the paper did
#
# Folchini, Arora and Goldt (2025) train fully connected networks on five tasks of two classes each, from Fashion-MNIST and CIFAR-10, and on tasks from MNIST. Networks have one set of outputs for all tasks, or one for each. BP, DFA, random features and a method made for the purpose (elastic weight consolidation) are compared.
# The abstract says that DFA's bias towards one of many solutions leads to low forgetting on average. A thesis by the first author names two ways: one matrix for all tasks keeps the weights in one region; a matrix for each task makes the steps for different tasks orthogonal.
#
# That is what we have read: abstracts, and a summary of the paper's data. Widths, rates, numbers of epochs and seeds are not known to us, nor how learning and forgetting were weighed against one another.
# Here there are two tasks, the first and the second half of the classes, and one set of outputs: the output that meant one digit has to mean another one now.
#
# ## Equal learning
#
# A rule that learns the second task slowly has less time to overwrite the first. If all were trained for equally many epochs, the slowest would seem to forget least.
# So both tasks end by what was learned: the first when the train error of an epoch is at most that of the parameters above, the second when its test error has come down to the last of `error_levels`. In between we read off the error on the first task whenever a level is passed: the lower it is, the more is left of that task.
#
# Nor is one learning rate fair to all: large steps may overwrite more than they need. So every way is run at each of several rates, the same for both tasks.
#
# ## How a claim is judged
#
# By a stored run of this notebook with more seeds and rates. Fixed before it: at the last level, of two ways one **forgets less** if the difference of their errors on the first task, seed by seed, is in the mean more than twice its standard deviation. A way of which a seed has not come to the level is ahead of none.

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("two_tasks/mnist")
stored.show_parameters(chapter.parameters)

# %% [markdown]
# ## The experiment
#
# `of_classes` takes classes out of a data set and numbers them anew, from zero.

# %%
from dfa_utils import Network, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
half = data.num_classes // 2
halves = range(half), range(half, 2 * half)
first, second = (data.of_classes(classes) for classes in halves)
network = Network.between(first, hidden_sizes)

# %%
from functools import cache

from dfa_utils import BP, DFA, SGD, Recipe, Run, UniformFanIn, error_angles
from dfa_utils.studies.tasks import error_on, left_at, record_tasks


@cache
def know_first(recipe):
    """Return the parameters of networks that know the first task."""
    run = Run(network, recipe, first, seeds, weights=UniformFanIn())
    return run.fit(pretrain_epochs, stop=stop_train_error).params


def learned(run):
    """Tell of each running seed whether it knows the second task."""
    return run.measured["second"][-1][run.running] <= min(error_levels)


# %%
def learn_second(rate, learning_rule, shift=0):
    """Go on with the second task; return the run, and its first angles."""
    recipe = Recipe(learning_rule, SGD(rate), batch_size=batch_size)
    drawn = {"feedback_seeds": [seed + shift for seed in seeds]}
    known = know_first(recipe)
    run = Run(network, recipe, second, seeds, params=known, **drawn)
    angles = chapter.backend.to_host(error_angles(run))
    follow = {"first": error_on(first), "second": error_on(second)}
    return run.fit(num_epochs, stop=learned, measure=follow), angles


# %% [markdown]
# DFA draws the same matrices for the second task as for the first where the seeds of its feedback are the same, and others where they are not.
# Errors are measured after each epoch. Where a level is passed between two epochs, we take the straight line between them:

# %%
chapter.show(left_at)

# %% [markdown]
# All ways at all rates; each line ends with the error of each seed on the first task, in percent, when the second is at its last level:

# %%
ways = {"bp": (BP(),), "dfa": (DFA(),), "other": (DFA(), 1000)}
for name, way in ways.items():
    runs = [learn_second(rate, *way) for rate in sgd_rates]
    found = record_tasks(name, runs, error_levels)
    for rate, left in zip(sgd_rates, found["left"], strict=True):
        print(f"live, rate {rate:<5} {name:6} first task:", left[-1].round(1))

# %% [markdown]
# ## What we see
#
# Along each line of the figure the second task is learned, from left to right, and the first is lost.

# %% mystnb={"image": {"alt": "Test error on the first task against that on the second, which falls from left to right, for BP, for DFA with one set of matrices and for DFA with others in the second task. All lines rise; that of DFA with other matrices lies far above the two others."}, "figure": {"caption": "Stored run, at the smallest rate: error on the first task as the second is learned.", "name": "fig-tasks-levels"}}
from dfa_utils.figures import plot_against

names = {"BP": "bp", "DFA": "dfa", "DFA, other matrices": "other"}
left = stored.curves(names, "left")
levels, rates = (stored.parameters[k] for k in ("error_levels", "sgd_rates"))
axes = "error on the second task (%)", "on the first task (%)"
figure = plot_against(levels, {n: t[0] for n, t in left.items()}, *axes)
figure.axes[0].invert_xaxis()

# %% mystnb={"image": {"alt": "Test error on the first task against the learning rate, where the second task is learned, for the same three ways."}, "figure": {"caption": "Stored run: error on the first task at the last level of the second, at each rate.", "name": "fig-tasks-rates"}}
last = {name: table[:, -1] for name, table in left.items()}
axes = "learning rate", "error on the first task (%)"
figure = plot_against(rates, last, *axes)

# %% [markdown]
# Who forgets less, by the rule above, at each rate of the stored run; then, mean and standard deviation over the seeds: the error on the first task **before** the second begins and that with which it is **left** at the last level, the **epochs** that the second took, and the **angle** between what the rule sends and what BP would send, in the mean of the hidden layers, when the second task begins.

# %% tags=["hide-input"]
from dfa_utils.studies.tasks import judge_tasks

judge_tasks(stored, names)

# %% [markdown]
# - **The same matrices.** At the last level, by which we judge, DFA has kept about the same of the first task at every rate. BP has kept less in the mean, the less the larger its steps. At the smallest rate it is otherwise at the first levels of the figure: there BP has kept more in the mean, and at no level is one of the two clearly ahead. At the largest rate DFA is clearly ahead; at the two smaller ones it is ahead in the mean, and not clearly by our rule. So part of what looks like a merit of DFA here is that BP was run at a large rate, and what is left of it at small rates is a question for more seeds. BP is at the last level after few epochs, so its values are read from a coarser curve.
# - **The price.** To get there DFA needs several times as many epochs as BP at the same rate. Compared after equally many epochs it would seem to forget far less, for having learned less.
# - **Other matrices** make it worse, by a wide margin, at every rate and level; at the last level more than half of the images of the first task are given the wrong class. The angles fit to that: with its own matrices a network begins the second task aligned, with others at about a right angle. Then its upper layers, which the first task needs too, have to turn before the lower ones are told anything useful. That this is the reason we have not measured; and it does not show as a delay, for with other matrices the second task took no more epochs, in the mean even fewer.
#
# The last point is against the second of the two ways that the thesis names, and it may well be a matter of the outputs: here all tasks share them. With outputs of its own for each task, as in one of the paper's scenarios, the weights of an output are aligned with the matrices of its own task and need not be turned. We have not run that.
# All of this is one network, two tasks of five digits, and a part of the images; what DFA is good for on longer sequences it cannot say.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Clothes: `.venv/bin/papermill notebooks/two_tasks.ipynb out.ipynb -p dataset fashion_mnist -p stop_train_error 12`
# - Smaller steps still: `.venv/bin/papermill notebooks/two_tasks.ipynb out.ipynb -y "sgd_rates: [0.01]" -p num_epochs 200 -p pretrain_epochs 200`
# - Wider layers: `.venv/bin/papermill notebooks/two_tasks.ipynb out.ipynb -y "hidden_sizes: [400, 400]"`
#
# **Exercise.** Suppose that the second task had been stopped after as many epochs for all ways as BP takes to the last level. By the figure and the epochs above, which way would seem to forget least, and why is that no merit?
#
# <details><summary>Answer</summary>
#
# DFA with its own matrices. After so few epochs it is still far to the left in the figure, where little of the first task is lost, because little of the second is learned.
# A network that learns nothing forgets nothing.
#
# </details>
#
# **Fill in.** Of an error curve that falls and one that rises, read the second where the first passes a level: between two epochs both are straight lines.


# %% tags=["exercise"]
def read_at(level, falling, rising):
    """Return the rising curve's value where the falling one is at the level."""
    ...  # both are lists of one value an epoch


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise


def next_epoch(level, falling, rising):
    return rising[int(np.argmax(np.array(falling) <= level))]


check_exercise(
    read_at,
    [((20.0, [80.0, 30.0, 10.0], [2.0, 10.0, 20.0]), 15.0)],
    {"that is the value at the next epoch": next_epoch},
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def read_at(level, falling, rising):
#     k = next(k for k, error in enumerate(falling) if error <= level)
#     share = (falling[k - 1] - level) / (falling[k - 1] - falling[k])
#     return rising[k - 1] + share * (rising[k] - rising[k - 1])
# ```
#
# </details>
#
# **Fill in.** Two feedback matrices drawn apart: how alike are they? Write the cosine between them, taken as long vectors.


# %% tags=["exercise"]
def likeness(one, other):
    """Return the cosine between two matrices of the same shape."""
    ...


# %% tags=["hide-input", "exercise-check"]
one, other = (
    np.array([[3.0, 0.0], [0.0, 4.0]]),
    np.array([[1.0, 2.0], [0.0, 0.0]]),
)
check_exercise(
    likeness,
    [((one, one), 1.0), ((one, other), 3 / (5 * np.sqrt(5)))],
    {
        "it must not grow with the matrices": lambda one, other: np.sum(
            one * other
        )
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def likeness(one, other):
#     sizes = np.sqrt(np.sum(one**2) * np.sum(other**2))
#     return np.sum(one * other) / sizes
# ```
#
# Of two matrices with many entries, drawn apart, it is close to zero: they are nearly orthogonal without being made so.
#
# </details>
#
# ## Further reading
#
# - Folchini, Arora and Goldt (2025), *Exploring the potential of Direct Feedback Alignment for Continual Learning*, Transactions on Machine Learning Research, [OpenReview](https://openreview.net/forum?id=MRZQrn7JEG)
# - Folchini (2024), *Direct Feedback Alignment for Continual Learning, Bayesian Neural Networks and Recurrent Neural Networks*, [thesis, SISSA](https://ricerca.unityfvg.it/entities/publication/46f65d77-c372-4f0e-8d20-1dae08d33302)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
