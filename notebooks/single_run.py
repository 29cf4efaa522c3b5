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
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
rule: str = "dfa"  # bp fa dfa ifa drtp sdfa shared ss kp dkp wm np
optimizer: str = "rmsprop"  # sgd, momentum or rmsprop
learning_rate: float = 0.0001  # of the optimizer
rate_schedule: str = "constant"  # halved_on_plateau, or one of the next two
decay_epochs: int = 50  # of halved_every, from one halving to the next
rate_decay: float = 0.00001  # of inverse_decay, in every step
momentum: float = 0.9  # of the optimizer momentum
weight_decay: float = 0.0  # of the optimizer sgd; biases do not decay
error_reduction: str = "sum"  # of gradients over a mini-batch, or mean
weight_initialiser: str = "auto"  # zeros, normal, uniform_fan_in or _fan_out
first_layer_initialiser: str = "same"  # another one for the first layer
bias_initialiser: str = "same"  # another one for the biases
init_scale: float = 1.0  # deviation, or factor of the uniform bound
feedback_initialiser: str = "uniform_fan_out"  # as above, or weights (FA)
feedback_scale: float = 1.0  # deviation, or factor of the uniform bound
feedback_seeds: Optional[list[int]] = None  # one each; null is as seeds
input_range: list[float] = [0.0, 1.0]  # what black and white become
dropout_input: float = 0.0  # share of pixels left out of a step
dropout_hidden: float = 0.0  # share of hidden units left out of a step
adversarial_epsilon: float = 0.0  # shift of each pixel against the network
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 10  # passes over the training set, at most
stop_train_error: Optional[float] = 0.01  # percent; null is never
seeds: list[int] = [0, 1, 2]  # one network each
train_samples: Optional[int] = 10000  # null is all
validation_samples: int = 0  # the last training images, never trained on
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# A run is a choice of values, and each is handed to the one part that needs it.
# First the data and the network:

# %%
from dfa_utils import Network, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)

# %% [markdown]
# The learning rule comes with the distribution of its feedback matrices.
# For FA they can also be the initial weights themselves (`weights`, where those are not zero), as in the code that the paper's author released for ReLU units:

# %%
from dfa_utils import FA, INITIALISERS, RULES

if feedback_initialiser == "weights":
    learning_rule = FA(copied=True)
else:
    draw = INITIALISERS[feedback_initialiser]
    learning_rule = RULES[rule](draw(feedback_scale))

# %% [markdown]
# Then where the network starts.
# In the paper, FA and DFA start from weights and biases that are all zero where the hidden units are tanh or logistic, and so do here the rules that are made of them; [the family](family.ipynb) shows what they all are.
# That is no place for the other rules: BP, and IFA beyond its first hidden layer, send errors through the weights, sign symmetry (`ss`) through their signs, node perturbation (`np`) needs outputs that noise can change, and a ReLU at zero passes nothing on.
# They start from the range $\pm 1 / \sqrt{\text{fan-in}}$. This is what `auto` chooses:

# %%
from dataclasses import replace

usual = learning_rule.usual_start(activation)
starts = {name: kind(init_scale) for name, kind in INITIALISERS.items()}
starts["auto"] = replace(usual, scale=init_scale)
starts["same"] = starts[weight_initialiser]

# %% [markdown]
# And how it moves: an optimizer, a schedule of its rate, and the one value that some of them take besides.
# The learning rate may fall: by half every `decay_epochs` epochs (`halved_every`), by half after an epoch whose train error is not below its running mean (`halved_on_plateau`, as in the released code), or a little in every step (`inverse_decay`):

# %%
from dfa_utils import OPTIMIZERS, SCHEDULES

values = {"halved_every": [decay_epochs], "inverse_decay": [rate_decay]}
schedule = SCHEDULES[rate_schedule](*values.get(rate_schedule, []))
values = {"sgd": [weight_decay], "momentum": [momentum]}
further = values.get(optimizer, [])

# %% [markdown]
# ## The experiment
#
# Dropout and adversarial images are off where they are zero:

# %%
from dfa_utils import Dropout, FastGradientSign, Recipe

recipe = Recipe(
    learning_rule,
    OPTIMIZERS[optimizer](learning_rate, schedule, *further),
    loss=loss,
    reduction=error_reduction,
    batch_size=batch_size,
    dropout=Dropout(dropout_input, dropout_hidden),
    perturbation=FastGradientSign(adversarial_epsilon),
)

# %%
from dfa_utils import Run

start = {"weights": starts["same"], "biases": starts[bias_initialiser]}
start["first_layer"] = starts[first_layer_initialiser]
start["feedback_seeds"] = feedback_seeds
run = Run(network, recipe, data, seeds, **start).fit(
    num_epochs,
    stop=stop_train_error,
    checkpoint=chapter.checkpoint("single_run"),
    report=chapter.report(),
)

# %% [markdown]
# ## What we see
#
# The line is the mean over the seeds, the band one sample standard deviation to each side. A seed that has stopped keeps its last value.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch, with one curve for the learning rule of this run."}, "figure": {"caption": "Train and test error of this run.", "name": "fig-single-run"}}
from dfa_utils.figures import plot_error_curves

figure = plot_error_curves({learning_rule.name: run.history})

# %% [markdown]
# The errors in percent, at the epoch in which each seed stopped, mean over the seeds and sample standard deviation:

# %% tags=["hide-input"]
from dfa_utils import record_history

record_history(run.history)

# %% [markdown]
# ## What to try next
#
# Four commands, for a terminal in the repository after `make book` has made the environment:
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
# **Feedback that learns**: Kolen-Pollack moves its matrices as it moves the weights, and weight decay makes the two more and more alike.
#
# ```bash
# .venv/bin/papermill notebooks/single_run.ipynb kp.ipynb \
#     -p rule kp -p weight_initialiser uniform_fan_in \
#     -p optimizer sgd -p learning_rate 0.1 -p error_reduction mean \
#     -p weight_decay 0.001 -p rate_schedule halved_every -p decay_epochs 5
# ```
#
# The records of any of them:
#
# ```bash
# .venv/bin/python -c 'from dfa_utils.chapter.records import read_records; print(read_records("dfa_2x800.ipynb")["test_error"])'
# ```
#
# **A choice of your own** should not look at the test images: with `-p validation_samples 10000` the last 10,000 training images are kept apart, and their errors are recorded as `validation_error_curve`.
#
# **Exercise.** Run IFA with `-p rule ifa -p weight_initialiser zeros`. Which layers learn?
#
# <details><summary>Answer</summary>
#
# The first hidden layer, weights and biases, and the biases of the output layer; nothing else moves.
# The error of the second hidden layer is that of the first times $W_2$, which is zero; so neither $W_2$ nor $b_2$ has a gradient, and both stay zero.
# With them the outputs of the second layer stay zero, and with those the gradient of the output layer's weights.
# Nothing of the image passes the second layer, and the test error stays near that of guessing.
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Frenkel, Lefebvre, Bol (2021), *Learning Without Feedback: Fixed Random Learning Signals Allow for Feedforward Training of Deep Neural Networks*, [Frontiers in Neuroscience 15](https://doi.org/10.3389/fnins.2021.629892)
# - Akrout et al. (2019), *Deep Learning without Weight Transport*, [arXiv:1904.05391](https://arxiv.org/abs/1904.05391)
# - Srivastava et al. (2014), *Dropout: A Simple Way to Prevent Neural Networks from Overfitting*, [JMLR 15](https://jmlr.org/papers/v15/srivastava14a.html)
# - Goodfellow, Shlens, Szegedy (2015), *Explaining and Harnessing Adversarial Examples*, [arXiv:1412.6572](https://arxiv.org/abs/1412.6572)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
