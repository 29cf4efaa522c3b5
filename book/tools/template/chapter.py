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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/NAME.ipynb)

# %% [markdown]
# # A title with a verb
#
# One sentence says what a reader does in this chapter and what comes out of it, without a number that could change.
#
# **The question.** What does the reader want to know?
#
# **What you will see**
#
# - train and test error of one network under one learning rule, epoch by epoch.

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
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
learning_rate: float = 0.0003  # of RMSprop
num_epochs: int = 5  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
train_samples: Optional[int] = 10000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# What happens, in words, and then as equations, such as the error that DFA sends to a hidden layer:
#
# $$
# \delta_l = (e\, B_l) \odot f'(a_l)
# $$
#
# The code of it, whole:

# %%
from dfa_utils import DFA

chapter.show(DFA.send)

# %% [markdown]
# ## The experiment
#
# What is held fixed, what is varied, and why.

# %%
from dfa_utils import Network, Recipe, RMSprop, Run, load_dataset

data = load_dataset(
    dataset, train_samples=train_samples, backend=chapter.backend
)
network = Network.between(data, hidden_sizes, activation)
recipe = Recipe(DFA(), RMSprop(learning_rate))
dfa = Run(network, recipe, data, seeds).fit(
    num_epochs,
    checkpoint=chapter.checkpoint("NAME_dfa"),
    report=chapter.report(),
)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "Two panels of curves on a logarithmic scale, train error and test error of DFA against the epoch."}, "figure": {"caption": "Train and test error under DFA.", "name": "fig-FIGURE-errors"}}
from dfa_utils.figures import plot_error_curves

figure = plot_error_curves({"DFA": dfa.history})

# %% [markdown]
# The errors of the last epoch, in percent, which the pages can show as `NAME.dfa_test_error`:

# %% tags=["hide-input"]
chapter.record_errors({"dfa": dfa})

# %% [markdown]
# What this means, in sentences that stay true when the numbers change a little.
#
# ## What to try next
#
# - More epochs: `.venv/bin/papermill notebooks/NAME.ipynb out.ipynb -p num_epochs 20`
#
# **Exercise.** A question that a run can answer.
#
# <details><summary>Answer</summary>
#
# What is seen, and why.
#
# </details>
#
# **Fill in.** What is sent to a hidden layer, but for the slope: write it, and run the two cells.


# %% tags=["exercise"]
def sent(error, feedback):
    """Return what DFA sends, (images, units)."""
    ...  # error is (images, classes), feedback (classes, units)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

error, matrix = np.array([[0.5, -1.0]]), np.array([[1.0, 2.0], [0.0, 4.0]])
check_exercise(
    sent,
    [((error, matrix), [[0.5, -3.0]])],
    {"that is the transposed matrix": lambda error, B: error @ B.T},
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sent(error, feedback):
#     return error @ feedback
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
