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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/frozen_first_layer.ipynb)

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
from dfa_utils import Chapter

chapter = Chapter(globals())

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
from dfa_utils import BP, DFA, SGD, Network, Normal, Recipe, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)


def recipe_of(learning_rule):
    """Return a recipe in which nothing but the rule is another."""
    settings = {"loss": loss, "batch_size": batch_size}
    return Recipe(learning_rule, SGD(learning_rate), **settings)


# %%
start = {"weights": Normal(init_scale), "frozen": {0}}
pretrained = Run(network, recipe_of(BP()), data, seeds, **start).fit(
    pretrain_epochs,
    checkpoint=chapter.checkpoint("frozen_first_layer_frozen"),
    report=chapter.report(5),
)

# %% [markdown]
# Two branches go on from that network, with all layers free.
# `branch` copies the networks and leaves the run that it is asked of as it is, so both start from the same values. BP first:

# %%
last_epoch = pretrain_epochs + num_epochs
bp = pretrained.branch(recipe_of(BP())).fit(
    last_epoch,
    checkpoint=chapter.checkpoint("frozen_first_layer_bp"),
    report=chapter.report(5),
)

# %% [markdown]
# DFA needs feedback matrices, which the pretrained network never had; the branch draws them:

# %%
feedback = Normal(feedback_scale)
dfa = pretrained.branch(recipe_of(DFA(feedback))).fit(
    last_epoch,
    checkpoint=chapter.checkpoint("frozen_first_layer_dfa"),
    report=chapter.report(5),
)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side; the dotted line is the release.

# %% mystnb={"image": {"alt": "Two panels of test error against the epoch: all epochs above, the last ones enlarged below. A grey curve stands for the frozen network; from the dotted line of the release on, one curve for BP and one for DFA."}, "figure": {"caption": "Test error before and after the release of the first layer.", "name": "fig-release"}}
from dfa_utils.figures import plot_release

released = {"BP": bp.history, "DFA": dfa.history}
figure = plot_release(pretrained.history, released, last_epochs=60)

# %% [markdown]
# The test errors in percent, mean over the seeds and sample standard deviation: at the end of the frozen phase, at the end with each rule, and DFA's highest after the release.

# %% tags=["hide-input"]
from dfa_utils import record_errors

record_errors("pretrain", "test_error", pretrained.history.last("test_error"))
record_errors("bp", "test_error", bp.history.last("test_error"))
record_errors("dfa", "test_error", dfa.history.last("test_error"))
after = dfa.history.test_error[pretrain_epochs:]
record_errors("dfa", "peak_test_error", after.max(axis=0))

# %% [markdown]
# With the default parameters, the frozen network stays at chance for many epochs, and then learns as much as a random first layer allows.
# Once that layer is free, the error under BP falls at once.
# Under DFA it rises first: the upper layers leave the solution that they had found, align with the feedback, and only then does the whole network pass its frozen self.
#
# ## What to try next
#
# - Fewer epochs in the frozen phase: `.venv/bin/papermill notebooks/frozen_first_layer.ipynb out.ipynb -p pretrain_epochs 10`
# - Stronger feedback: `.venv/bin/papermill notebooks/frozen_first_layer.ipynb out.ipynb -p feedback_scale 0.1`
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
chapter.provenance()
