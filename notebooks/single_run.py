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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/single_run.ipynb)

# %% [markdown]
# # Run your own
#
# One network and one learning rule, with every choice a parameter: the chapter to start your own experiments from.
#
# **The question** is yours: one network, one learning rule, and everything about them a parameter.
#
# **What you will see**
#
# - train and test error by epoch, for as many seeds as you like;
# - the errors at the epoch in which each seed stopped, as records that a program can read.
#
# As it stands, the notebook follows the protocol of Nøkland (2016) for two hidden layers of 800 units under DFA, cut short: a part of the training images and few epochs.
# The last section says how to run it whole.

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
dataset: str = "mnist"  # mnist, fashion_mnist or digits
hidden_sizes: list[int] = [800, 800]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
rule: str = "dfa"  # bp, fa, dfa or ifa
optimizer: str = "rmsprop"  # or sgd
learning_rate: float = 0.0001  # of the optimizer
error_reduction: str = "sum"  # of gradients over a mini-batch, or mean
weight_initialiser: str = "auto"  # zeros, normal, uniform_fan_in or _fan_out
first_layer_initialiser: str = "same"  # another one for the first layer
bias_initialiser: str = "same"  # another one for the biases
init_scale: float = 1.0  # deviation, or factor of the uniform bound
feedback_initialiser: str = "uniform_fan_out"  # as above, or weights (FA)
feedback_scale: float = 1.0  # deviation, or factor of the uniform bound
input_range: list[float] = [0.0, 1.0]  # what black and white become
dropout_input: float = 0.0  # share of pixels left out of a step
dropout_hidden: float = 0.0  # share of hidden units left out of a step
adversarial_epsilon: float = 0.0  # shift of each pixel against the network
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 10  # passes over the training set, at most
stop_train_error: Optional[float] = 0.01  # percent; null is never
seeds: list[int] = [0, 1, 2]  # one network each
train_samples: Optional[int] = 10000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
import time

from dfa_utils.adversarial import FastGradientSign
from dfa_utils.arrays import get_backend
from dfa_utils.checkpoints import checkpoint_path
from dfa_utils.checks import check_parameters
from dfa_utils.choices import choose
from dfa_utils.datasets import load_dataset
from dfa_utils.dropout import Dropout
from dfa_utils.feedback import initialise_feedback, transposed_weights
from dfa_utils.initialisers import INITIALISERS
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import OPTIMIZERS
from dfa_utils.plots import plot_error_curves, use_book_style
from dfa_utils.records import record_history, show_provenance
from dfa_utils.reports import print_every
from dfa_utils.training import train

parameters = {name: globals()[name] for name in __annotations__}
check_parameters(parameters)
started = time.perf_counter()
backend = get_backend(backend)
use_book_style()

# %% [markdown]
# ## The idea
#
# A run is a choice of values, and each is handed to the one function that needs it.
# First the data and the rule:

# %%
data = load_dataset(
    dataset,
    backend=backend,
    input_range=input_range,
    train_samples=train_samples,
)
layer_sizes = [data.train_images.shape[1], *hidden_sizes, data.num_classes]
learning_rule = choose("rule", rule, LEARNING_RULES)

# %% [markdown]
# Then where the network starts.
# In the paper, FA and DFA start from weights and biases that are all zero where the hidden units are tanh or logistic.
# That is no place for the other rules: BP, and IFA beyond its first hidden layer, send errors through the weights, and a ReLU at zero passes nothing on.
# They start from the range $\pm 1 / \sqrt{\text{fan-in}}$. This is what `auto` chooses:

# %%
if weight_initialiser == "auto":
    zero = rule in ("fa", "dfa") and activation in ("tanh", "logistic")
    weight_initialiser = "zeros" if zero else "uniform_fan_in"
names = {"weight_initialiser": weight_initialiser}
names["first_layer_initialiser"] = first_layer_initialiser
names["bias_initialiser"] = bias_initialiser

# %%
weights, first_layer, biases = (
    choose(
        parameter,
        weight_initialiser if name == "same" else name,
        INITIALISERS,
    )(init_scale)
    for parameter, name in names.items()
)
params = initialise_params(
    layer_sizes,
    seeds,
    [first_layer] + [weights] * len(hidden_sizes),
    biases,
    backend=backend,
)

# %% [markdown]
# The feedback matrices come from a distribution too, or, for FA, from the initial weights themselves (`weights`, where they are not zero), as in the code that the paper's author released for ReLU units:

# %%
if feedback_initialiser == "weights" and rule == "fa":
    feedback = transposed_weights(params)
else:
    draw = choose("feedback_initialiser", feedback_initialiser, INITIALISERS)
    feedback = initialise_feedback(
        learning_rule,
        layer_sizes,
        seeds,
        draw(feedback_scale),
        backend=backend,
    )

# %% [markdown]
# ## The experiment
#
# Dropout and adversarial images are left out unless they are asked for:

# %%
settings = {"activation": activation, "loss": loss, "feedback": feedback}
settings |= {"error_reduction": error_reduction, "batch_size": batch_size}
settings |= {
    "optimizer": choose("optimizer", optimizer, OPTIMIZERS)(learning_rate)
}
if dropout_input or dropout_hidden:
    settings["dropout"] = Dropout(dropout_input, dropout_hidden)
if adversarial_epsilon:
    settings["perturbation"] = FastGradientSign(adversarial_epsilon)

# %%
settings |= {"num_epochs": num_epochs, "stop_train_error": stop_train_error}
settings |= {"seeds": seeds, "report": print_every(max(1, num_epochs // 20))}
settings |= {"checkpoint": checkpoint_path(checkpoint_dir, "single_run")}
_, history = train(learning_rule, params, data, **settings)

# %% [markdown]
# ## What we see
#
# The line is the mean over the seeds, the band one sample standard deviation to each side. A seed that has stopped keeps its last value.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch, with one curve for the learning rule of this run."}, "figure": {"caption": "Train and test error of this run.", "name": "fig-single-run"}}
figure = plot_error_curves({rule.upper(): history})

# %% [markdown]
# The errors in percent, at the epoch in which each seed stopped, mean over the seeds and sample standard deviation:

# %% tags=["hide-input"]
record_history(history)

# %% [markdown]
# ## What to try next
#
# Three commands, for a terminal in the repository after `make book` has made the environment:
#
# **The paper's protocol whole**: two hidden layers of 800 units, all images, until the train error is at most 0.01 percent.
#
# ```bash
# .venv/bin/papermill notebooks/single_run.ipynb dfa_2x800.ipynb \
#     -p num_epochs 300 -y "train_samples: null"
# ```
#
# **The same network under BP, with dropout**:
#
# ```bash
# .venv/bin/papermill notebooks/single_run.ipynb bp_dropout.ipynb \
#     -p rule bp -p dropout_input 0.1 -p dropout_hidden 0.5 \
#     -p num_epochs 300 -y "train_samples: null"
# ```
#
# **FA on other images, with plain SGD and one seed**:
#
# ```bash
# .venv/bin/papermill notebooks/single_run.ipynb fa_fashion.ipynb \
#     -p rule fa -p dataset fashion_mnist \
#     -p optimizer sgd -p learning_rate 0.1 -p error_reduction mean \
#     -p num_epochs 30 -y "{train_samples: null, seeds: [7]}"
# ```
#
# The records of any of them:
#
# ```bash
# .venv/bin/python -c 'from dfa_utils.records import read_records; print(read_records("dfa_2x800.ipynb")["test_error"])'
# ```
#
# **Exercise.** Run IFA with `-p weight_initialiser zeros`. Which layers learn?
#
# <details><summary>Answer</summary>
#
# Only the first hidden layer and the biases.
# The error of the second hidden layer is that of the first times $W_2$, which is zero; so the gradient of $W_2$ is zero, and it stays zero.
# Nothing of the image passes the second layer, and the test error stays near that of guessing.
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Srivastava et al. (2014), *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, [JMLR 15](https://jmlr.org/papers/v15/srivastava14a.html)
# - Goodfellow, Shlens, Szegedy (2015), *Explaining and Harnessing Adversarial Examples*, [arXiv:1412.6572](https://arxiv.org/abs/1412.6572)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
show_provenance(backend, parameters, time.perf_counter() - started)
