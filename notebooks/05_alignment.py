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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/05_alignment.ipynb)

# %% [markdown]
# # Watch the layers align
#
# A small network is trained under three rules, and after every epoch we measure the angle between what a hidden layer is sent and what back-propagation would send it.
#
# **The question.** The feedback matrices are random and never change: how can what they send become useful?
#
# **What you will see**
#
# - the alignment angle of each hidden layer, epoch by epoch, beside the test error;
# - what changes when the network starts from zero, is deep, or hears its feedback faintly.
#
# The networks are those of the playground of this book, where you train them yourself.

# %% tags=["hide-input"]
import importlib.util
import subprocess
import sys
from typing import Optional

if importlib.util.find_spec("dfa_utils") is None:  # on Colab
    repository = "https://github.com/root2116/direct-feedback-alignment"
    package = f"dfa_utils @ git+{repository}@main"
    install = [sys.executable, "-m", "pip", "install", "--quiet", package]
    subprocess.run(install, check=True)

# %% tags=["parameters"]
dataset: str = "digits"  # mnist, fashion_mnist or digits
hidden_sizes: list[int] = [32, 32]  # widths of the hidden layers
deep_hidden_sizes: list[int] = [32, 32, 32, 32, 32]  # the same, deep network
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
learning_rate: float = 0.1  # of plain SGD
batch_size: int = 32  # samples in a mini-batch
num_epochs: int = 30  # passes over the training set
seeds: list[int] = [0, 1, 2, 3, 4]  # one network each
init_scale: float = 0.1  # deviation of the initial weights
feedback_scale: float = 0.3  # deviation of the feedback matrices
faint_feedback_scale: float = 0.02  # the same, where feedback is faint
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = None  # null is all
backend: str = "numpy"  # auto, numpy, cupy or torch

# %% tags=["hide-input"]
import time

import numpy as np
from dfa_utils.alignment import follow_alignment
from dfa_utils.alignment_plots import plot_alignment
from dfa_utils.arrays import get_backend
from dfa_utils.checks import check_parameters
from dfa_utils.datasets import load_dataset
from dfa_utils.feedback import initialise_feedback
from dfa_utils.initialisers import normal
from dfa_utils.interactive import show_epochs
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import SGD
from dfa_utils.plots import use_book_style
from dfa_utils.records import record, record_errors, show_provenance

parameters = {name: globals()[name] for name in __annotations__}
check_parameters(parameters)
started = time.perf_counter()
backend = get_backend(backend)
use_book_style()

# %% [markdown]
# ## The idea
#
# For one image, let a rule send the error $\delta_l$ to hidden layer $l$, and let $\delta_l^{\mathrm{BP}}$ be what back-propagation would send to the same layer of the same network, from the same output error.
# Their **alignment angle** says how far the rule is from the gradient:
#
# $$
# \cos \alpha_l = \frac{\langle \delta_l,\, \delta_l^{\mathrm{BP}} \rangle}{\lVert \delta_l \rVert\, \lVert \delta_l^{\mathrm{BP}} \rVert}
# $$
#
# We average the cosine over the test images and take the angle of that mean.
# A right angle means that the two have nothing to do with each other; less than a right angle means that a small step along the rule lowers the loss.
#
# This is the measurement, whole:

# %%
import inspect

from dfa_utils.alignment import error_angles

signature, _, body = inspect.getsource(error_angles).split('"""')
print(signature.rstrip() + body)

# %% [markdown]
# ## The experiment
#
# One function trains the same network under back-propagation (BP), feedback alignment (FA) and direct feedback alignment (DFA), from the same initial weights and in the same order of the images.

# %%
data = load_dataset(
    dataset,
    backend=backend,
    input_range=input_range,
    train_samples=train_samples,
)
settings = {"activation": activation, "loss": loss, "batch_size": batch_size}
settings |= {"num_epochs": num_epochs, "seeds": seeds}
settings |= {"optimizer": SGD(learning_rate), "report": lambda *_: None}


def train_each(hidden, init_scale, feedback_scale):
    sizes = [data.train_images.shape[1], *hidden, data.num_classes]
    params = initialise_params(
        sizes, seeds, normal(init_scale), backend=backend
    )
    curves = {}
    for name in ("bp", "fa", "dfa"):
        rule = LEARNING_RULES[name]
        feedback = initialise_feedback(
            rule, sizes, seeds, normal(feedback_scale), backend=backend
        )
        _, history, angles = follow_alignment(
            rule, params, data, feedback=feedback, **settings
        )
        curves[name] = {"test_error": history.test_error, "angles": angles}
    return curves


# %% [markdown]
# Four experiments, each with one thing changed:

# %%
runs = {
    "small": train_each(hidden_sizes, init_scale, feedback_scale),
    "zero": train_each(hidden_sizes, 0.0, feedback_scale),
    "deep": train_each(deep_hidden_sizes, init_scale, feedback_scale),
    "faint": train_each(hidden_sizes, init_scale, faint_feedback_scale),
}

# %% [markdown]
# ## What we see
#
# ### From small random weights
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "A panel of test error and one panel of alignment angle for each hidden layer, against the epoch, with a curve for BP, FA and DFA. The angle of BP is zero; those of FA and DFA begin at a right angle and fall."}, "figure": {"caption": "Test error and alignment angles from small random weights.", "name": "fig-alignment-small"}}
figure = plot_alignment(runs["small"])

# %% [markdown]
# Before training the angles of FA and DFA are right angles: random feedback knows nothing.
# Within a few epochs they fall far below, while the error falls too.
# Nothing has moved the feedback matrices. The weights have moved until the feedback fits them.

# %% [markdown]
# ### From zero

# %% mystnb={"image": {"alt": "The same panels for networks that start from zero. The test error of BP stays at its height; those of FA and DFA fall. Their angles begin after the first epoch."}, "figure": {"caption": "Test error and alignment angles from weights of zero.", "name": "fig-alignment-zero"}}
figure = plot_alignment(runs["zero"])

# %% [markdown]
# With weights of zero BP sends every hidden layer an error of zero, and nothing but the output biases can learn.
# There is no true error to compare with either, so BP has no angle here, and that of the others begins after the first epoch.
# FA and DFA learn as before: the weights that they make are made of the feedback from the start.

# %% [markdown]
# ### Epoch by epoch

# %% tags=["hide-input"]
show_epochs(
    {
        "small and random": runs["small"],
        "zero": runs["zero"],
        "small and random, deep network": runs["deep"],
        "small and random, faint feedback": runs["faint"],
    }
)

# %% [markdown]
# The errors of the last epoch, in percent: the mean over the seeds and its sample standard deviation.


# %% tags=["hide-input"]
def deviation(values):
    """Return the sample deviation over the seeds; of one seed there is none."""
    if len(seeds) == 1:
        return np.full(values.shape[:-1], np.nan)
    return values.std(axis=-1, ddof=1)


# %%
for start in ("small", "zero", "deep", "faint"):
    for rule in ("bp", "fa", "dfa"):
        curves = runs[start][rule]
        errors, angles = curves["test_error"], curves["angles"]
        record_errors(f"{start}_{rule}", "test_error", errors[-1])
        for name, values in (("test_error", errors), ("angle", angles)):
            record(f"{start}_{rule}_{name}_curve", values.mean(axis=-1))
            record(f"{start}_{rule}_{name}_std_curve", deviation(values))

# %% [markdown]
# - **Deep.** BP begins with a plateau, for the small weights shrink the error at every layer on its way down. So does FA, and longer, since its feedback shrinks it too. DFA has one step to every layer and is ahead at first.
# - **Faint.** With small feedback matrices the hidden layers are told little, so their weights move little, and the angles fall late.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Larger images: `.venv/bin/papermill notebooks/05_alignment.ipynb out.ipynb -p dataset mnist -p num_epochs 5`
# - Large initial weights: `.venv/bin/papermill notebooks/05_alignment.ipynb out.ipynb -p init_scale 0.5`
# - Narrow layers: `.venv/bin/papermill notebooks/05_alignment.ipynb out.ipynb -y "hidden_sizes: [4, 4]"`
#
# **Exercise.** With large initial weights the angles stay wide for longer. Why?
#
# <details><summary>Answer</summary>
#
# What training adds to the weights is what aligns them.
# The larger the random weights are at the start, the longer it takes until what was added outweighs them.
#
# </details>
#
# ## Further reading
#
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["nbval-ignore-output"]
show_provenance(backend, parameters, time.perf_counter() - started)
