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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/learned_feedback.ipynb)

# %% [markdown]
# # Let the feedback learn
#
# Two rules whose feedback matrices come to resemble the weights, Kolen-Pollack and weight mirrors, are run in the settings of their authors and laid beside the authors' own logs.
#
# **The question.** Back-propagation needs the transposed weights on the way back. Can a network find them by itself, without anybody copying them?
#
# **What you will see**
#
# - the errors of four rules beside those that the authors logged, epoch by epoch;
# - the angle between each feedback matrix and the weights that it stands for, as it closes;
# - what weight decay does to that angle, which is all that the proof of Kolen and Pollack rests on.

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
hidden_sizes: list[int] = [500]  # widths of the hidden layers
activation: str = "logistic"  # of the hidden units: tanh, logistic or relu
weight_decay: float = 0.001  # of Kolen-Pollack with decay
batch_size: int = 128  # samples in a mini-batch
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
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
# Feedback alignment sends the error of a layer down through a matrix $B$ that stays as it was drawn. Both rules of this chapter send as it does, and move $B$ as well.
#
# **Kolen-Pollack** (KP). The step of the weights is a product of what the two ends of a connection know: the activity below, and the error above. The connection on the way back has the same two ends. So it can take the same step, transposed, and if both also shrink by the same factor,
#
# $$
# \begin{aligned}
# W &\leftarrow (1 - \eta\lambda)\, W - \eta\, h^{\mathsf T} \delta \\
# B &\leftarrow (1 - \eta\lambda)\, B - \eta\, \delta^{\mathsf T} h
# \end{aligned}
# \qquad\Rightarrow\qquad
# W - B^{\mathsf T} \leftarrow (1 - \eta\lambda)\,(W - B^{\mathsf T})
# $$
#
# With decay, $\lambda > 0$, the difference vanishes whatever is learned. Without, it stays as it was drawn, to the last digit; the *angle* closes all the same, as far as $W$ and $B$ outgrow their difference.
#
# **Weight mirrors** (WM). Send noise $x$ of mean zero through a single layer, and correlate what goes in with what comes out:
#
# $$
# B \leftarrow B + \eta_B\, f(xW + b)^{\mathsf T} x, \qquad \text{on average along } W^{\mathsf T}
# $$
#
# What $B$ gains points along $W^{\mathsf T}$, and what it was drawn as fades beside it. This is the code of both, whole:

# %%
from dfa_utils import KolenPollack, WeightMirror

chapter.show(KolenPollack.adapt, WeightMirror.adapt)

# %% [markdown]
# ## The settings, and where they come from
#
# All are those of the authors' [released code](https://github.com/makrout/Deep-Learning-without-Weight-Transport) for MNIST: one hidden layer of 500 logistic units, mini-batches of 128, plain gradient descent, the rates below, and weights, biases and feedback drawn from $\sqrt{1 / (\text{fan-in} + \text{fan-out})}$ times a normal number.
#
# Two things in that code one would not guess. The gradient of a bias is averaged over the mini-batch and then divided by its size once more, so that biases hardly move; this is done here too. And after the mirrors' noise the code computes matrices of a fixed size, but keeps them under a name that is forgotten at once: what the way back goes through is *not* rescaled, there or here.
#
# Four differences are left. Here the images are shuffled in each epoch, and its last, smaller mini-batch is trained on; the noise of the mirrors is normal with the deviation of their uniform one; and there are three seeds in the place of one.

# %%
import math

from dfa_utils import SGD
from dfa_utils.initialisers import Initialiser


class AuthorsStart(Initialiser):
    """Normal numbers of the size that both ends give."""

    def __call__(self, rng, shape, fan_in, fan_out):
        """Draw a matrix."""
        return rng.standard_normal(shape) / math.sqrt(fan_in + fan_out)


class SlowBiases(SGD):
    """Gradient descent in which biases step by one batch size less."""

    def step(self, parameter, gradient, slots, rate):
        """Move biases; weights move by their products."""
        parameter -= gradient / batch_size


# %% [markdown]
# ## What is measured
#
# Before training and after every epoch: the [alignment angle](alignment.ipynb) of the error that the hidden layer is sent, on all test images (the authors log that of a single image), and the angle between the feedback matrix and the transposed weights, both read as one long vector:

# %%
from dfa_utils import error_angles
from dfa_utils.array.functions import mean_angle


def matrix_angles(run):
    """Return the angle of each matrix to its weights, (seeds, layers)."""
    xp, angles = data.backend.xp, []
    for B, layer in zip(run.state.feedback, run.state.params[1:], strict=True):
        pair = B, layer.weights.mT
        rows = [xp.reshape(one, (B.shape[0], 1, -1)) for one in pair]
        angles.append(mean_angle(*rows))
    return xp.stack(angles, axis=-1)


# %% [markdown]
# How claims are judged, fixed before the stored run was looked at:
#
# 1. **A logged error fits** if it lies where one more seed of ours would lie with a probability of 95 %: within $t\, s \sqrt{1 + 1/n}$ of our mean, where $s$ is the sample deviation over our $n$ seeds and $t$ the quantile of Student's distribution with $n - 1$ degrees of freedom. With three seeds that is a wide range; it is what one run against three allows to say. It is asked at each epoch of the log that the stored run has reached.
# 2. **One angle is smaller than another** if the difference, seed by seed, is in the mean more than twice its deviation over the seeds, after the last epoch.
# 3. **A rule is ahead of another** in the same way, by its test error. The rates differ between the rules, as the authors chose them, so an order after a given epoch is one of these settings and not of the rules.

# %% [markdown]
# ## The experiment
#
# The code lets a mirror see as much noise as an epoch has before training begins; so does the function below.

# %%
from dfa_utils import BP, FA, Network, Recipe, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)

# %%
from dfa_utils.array import NormalNoise, Stream, generators_for
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step


def look_first(run):
    """Let mirrors see the noise of an epoch before any training."""
    count, state = data.train_images.shape[0], run.state
    dice = generators_for(seeds, Stream.NOISE, 0)
    noise = NormalNoise(dice, data.backend, run.dtype)
    batch = (
        data.train_images[:batch_size, :],
        data.train_targets[:batch_size, :],
    )
    at = network, state.params, state.feedback, *batch
    step = Step.at(*at, LOSSES[run.recipe.loss], noise=noise)
    for _ in range(count // batch_size):
        run.recipe.rule.adapt(step, [step.signal], None)


# %%
import numpy as np
from dfa_utils.chapter.records import record_curve, record_history

drawn, none = AuthorsStart(), 0.0
ways = {"bp": (BP(), 0.2, none), "fa": (FA(drawn), 0.2, none)}
ways["kp"] = KolenPollack(drawn), 0.3, none
ways["kp_decay"] = KolenPollack(drawn), 0.3, weight_decay
ways["wm"] = WeightMirror(drawn), 0.05, none


# %%
def follow(name, chosen, rate, decay):
    """Train under a rule, and record its errors and angles."""
    moves = SlowBiases(rate, weight_decay=decay)
    recipe = Recipe(chosen, moves, batch_size=batch_size)
    run = Run(network, recipe, data, seeds, weights=drawn, biases=drawn)
    if name == "wm":
        look_first(run)
    measure = {"sent": error_angles, "matrix": matrix_angles}
    measure = measure if run.feedback else {}
    kept = chapter.checkpoint(f"learned_feedback_{name}")
    run.fit(num_epochs, measure=measure, checkpoint=kept)
    record_history(run.history, name)
    for quantity in measure:
        angles = np.array(run.measured[quantity])[:, :, 0]
        record_curve(f"{name}_{quantity}_angle", angles)


# %%
for name, way in ways.items():
    follow(name, *way)

# %% [markdown]
# ## What we see
#
# The pictures are of a stored run on all training images, made by the same notebook with these parameters:

# %%

from dfa_utils.chapter.stored import load_results

log = load_results("akrout2019_mnist")

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
