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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/02_frozen_first_layer.ipynb)

# %% [markdown]
# # Release a frozen first layer
#
# A network that has learned above a frozen random layer is set free, and the way in which DFA first unlearns shows the alignment at work.
#
# **The question.** A network has learned on top of a first layer that was never trained. What does each rule do when that layer is set free?
#
# This is the second of the two replications from which the book grew (追実験2).
#
# **What you will see**
#
# - BP with a frozen random first layer: a long plateau, then a poor network;
# - the same network going on with its first layer free, once with BP and once with DFA;
# - DFA making the network worse before it makes it better.

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
hidden_sizes: list[int] = [50, 50, 50]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
learning_rate: float = 0.01  # of plain SGD
batch_size: int = 64  # samples in a mini-batch
pretrain_epochs: int = 50  # epochs with the first layer frozen
num_epochs: int = 50  # epochs after its release
seeds: list[int] = [0, 1, 2, 3, 4]  # one network each
init_scale: float = 0.01  # deviation of the initial weights
feedback_scale: float = 0.01  # deviation of the feedback matrices
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = None  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
import time

from dfa_utils.arrays import get_backend
from dfa_utils.checkpoints import checkpoint_path
from dfa_utils.checks import check_parameters
from dfa_utils.datasets import load_dataset
from dfa_utils.feedback import initialise_feedback
from dfa_utils.initialisers import normal
from dfa_utils.learning_rules import (
    backward_propagation,
    direct_feedback_alignment,
)
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import SGD
from dfa_utils.plots import plot_release, use_book_style
from dfa_utils.records import record_errors, show_provenance
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
# A layer is frozen when its weights and biases are left out of the update.
# The first hidden layer then hands on a fixed random view of the image, and the layers above do what they can with it.
#
# BP's error for a hidden layer, $\delta_l = (\delta_{l+1} W_{l+1}^{\mathsf T}) \odot f'(a_l)$, is right for the weights as they are, so BP can go on at any moment.
# DFA's error, $\delta_l = (e\, B_l) \odot f'(a_l)$, is of use only once the weights above have come to agree with $B_l$.
# Here those weights were trained without any $B_l$: DFA must first undo part of that.
#
# ## The experiment
#
# All layers start from small normal weights, and BP trains all but the first.

# %%
data = load_dataset(
    dataset,
    backend=backend,
    input_range=input_range,
    train_samples=train_samples,
)
layer_sizes = [data.train_images.shape[1], *hidden_sizes, data.num_classes]
settings = {"activation": activation, "loss": loss, "batch_size": batch_size}
settings |= {"seeds": seeds, "optimizer": SGD(learning_rate)}
settings |= {"report": print_every(10)}

# %%
weights = initialise_params(
    layer_sizes, seeds, normal(init_scale), backend=backend
)
pretrained, pretraining = train(
    backward_propagation,
    weights,
    data,
    num_epochs=pretrain_epochs,
    frozen={0},
    checkpoint=checkpoint_path(checkpoint_dir, "02_frozen"),
    **settings,
)

# %% [markdown]
# Two copies go on from that network, with all layers free.
# `train` leaves the parameters that it is given as they are, so both start from the same values. BP first:

# %%
settings |= {"num_epochs": num_epochs, "first_epoch": pretrain_epochs + 1}
_, bp_history = train(
    backward_propagation,
    pretrained,
    data,
    checkpoint=checkpoint_path(checkpoint_dir, "02_bp"),
    **settings,
)

# %% [markdown]
# DFA needs feedback matrices, which the pretrained network never had:

# %%
feedback = initialise_feedback(
    direct_feedback_alignment,
    layer_sizes,
    seeds,
    normal(feedback_scale),
    backend=backend,
)
_, dfa_history = train(
    direct_feedback_alignment,
    pretrained,
    data,
    feedback=feedback,
    checkpoint=checkpoint_path(checkpoint_dir, "02_dfa"),
    **settings,
)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side; the dotted line is the release.

# %% mystnb={"image": {"alt": "Two panels of test error against the epoch: all epochs on the left, the last ones enlarged on the right. A grey curve stands for the frozen network; from the dotted line of the release on, one curve for BP and one for DFA."}, "figure": {"caption": "Test error before and after the release of the first layer.", "name": "fig-release"}}
released = {"BP": bp_history, "DFA": dfa_history}
figure = plot_release(pretraining, released, last_epochs=60)

# %% [markdown]
# The test errors in percent, mean over the seeds and sample standard deviation: at the end of the frozen phase, at the end with each rule, and DFA's highest after the release.

# %% tags=["hide-input"]
record_errors("pretrain", "test_error", pretraining.test_error[-1])
record_errors("bp", "test_error", bp_history.test_error[-1])
record_errors("dfa", "test_error", dfa_history.test_error[-1])
record_errors("dfa", "peak_test_error", dfa_history.test_error.max(axis=0))

# %% [markdown]
# With the default parameters, the frozen network stays at chance for many epochs, and then learns as much as a random first layer allows.
# Once that layer is free, the error under BP falls at once.
# Under DFA it rises first: the upper layers leave the solution that they had found, align with the feedback, and only then does the whole network pass its frozen self.
#
# ## What to try next
#
# - Fewer epochs in the frozen phase: `.venv/bin/papermill notebooks/02_frozen_first_layer.ipynb out.ipynb -p pretrain_epochs 10`
# - Stronger feedback: `.venv/bin/papermill notebooks/02_frozen_first_layer.ipynb out.ipynb -p feedback_scale 0.1`
#
# **Exercise.** Would you expect the rise under DFA if the release came before the network had left its plateau?
#
# <details><summary>Answer</summary>
#
# At chance there is no solution to lose. The upper layers can align with the feedback from where they stand, so there is little to undo.
# Try it with `pretrain_epochs` below the end of the plateau.
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
show_provenance(backend, parameters, time.perf_counter() - started)
