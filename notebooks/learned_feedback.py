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
# - what weight decay does to that angle, and what it costs.

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
# Feedback alignment (FA) sends the error of a layer down through a matrix $B$ that stays as it was drawn. Both rules of this chapter send as it does, and move $B$ as well.
#
# **Kolen-Pollack** (KP). The step of the weights is a product of what the two ends of a connection know: the activity below, and the error above. The connection on the way back has the same two ends. So it can take the same step, transposed, and if both also shrink by the same factor,
#
# $$
# \begin{aligned}
# W &\leftarrow (1 - \eta\lambda)\, W - \eta\, h^{\mathsf T} \delta \\
# B &\leftarrow (1 - \eta\lambda)\, B - \eta\, \delta^{\mathsf T} h \\
# W - B^{\mathsf T} &\leftarrow (1 - \eta\lambda)\,(W - B^{\mathsf T})
# \end{aligned}
# $$
#
# With decay, $\lambda > 0$, the difference vanishes whatever is learned. Without, it stays as it was drawn. The *angle* between the two may close all the same, as far as both outgrow their difference.
#
# **Weight mirrors** (WM). Send noise $x$ of mean zero through a single layer, and correlate what goes in with what comes out:
#
# $$
# B \leftarrow B + \eta_B\, f(xW + b)^{\mathsf T} x
# $$
#
# On average $B$ gains along $W^{\mathsf T}$, and what it was drawn as fades beside that. This is the code of both, whole:

# %%
from dfa_utils import KolenPollack, WeightMirror

chapter.show(KolenPollack.adapt, WeightMirror.adapt)

# %% [markdown]
# ## The settings, and where they come from
#
# All are those of the authors' [released code](https://github.com/makrout/Deep-Learning-without-Weight-Transport) for MNIST: one hidden layer of 500 logistic units, mini-batches of 128, plain gradient descent, a learning rate for each rule, and weights, biases and feedback drawn from $\sqrt{1 / (\text{fan-in} + \text{fan-out})}$ times a normal number.
#
# Two things in that code one would not guess. The gradient of a bias is averaged over the mini-batch and then divided by its size once more, so that biases hardly move; so it is here. And after the mirrors' noise the code computes matrices of a given size, but keeps them under a name that is forgotten at once: what the errors go through is *not* rescaled, there or here.
#
# Four differences are left. Here the images are shuffled in each epoch, and its last, smaller mini-batch is trained on too; the noise of the mirrors is normal, with the deviation of their uniform one; and there are three seeds in the place of one.
#
# Before any training the mirrors see as much noise as in an epoch. The rates, and these settings as code:

# %%
from dfa_utils.chapter import akrout

chapter.show(akrout.SlowBiases.step, akrout.mirror_first)
print(akrout.RATES)

# %% [markdown]
# ## What is measured, and how it is judged
#
# Before training and after every epoch: the [alignment angle](alignment.ipynb) of the error that the hidden layer is sent, on all test images, where the log has that of a single image; and the angle between the feedback matrix and the transposed weights, both taken as one long vector.
#
# Fixed before the stored run was looked at:
#
# 1. **A logged error fits** if it lies where one more seed of ours would lie with a probability of 95 %: within $t\, s \sqrt{1 + 1/n}$ of our mean, where $s$ is the sample deviation over our $n$ seeds and $t$ the quantile of Student's distribution with $n - 1$ degrees of freedom. It is asked at each epoch of the log that the stored run has reached, and a rule fits if all do.
# 2. **One number is above another** if the difference, seed by seed, is in the mean more than twice its deviation over the seeds, after the last epoch.
#
# The rates differ between the rules, as the authors chose them. So an order of their errors after a given epoch is one of these settings, and no order of the rules is asked for.
#
# ## The experiment

# %%
from dfa_utils import BP, FA, Network, Recipe, Run, error_angles, load_dataset
from dfa_utils.alignment import weight_angles

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)
drawn = akrout.BothEnds()
ways = {"bp": BP(), "fa": FA(drawn), "kp": KolenPollack(drawn)}
ways |= {"kp_decay": KolenPollack(drawn), "wm": WeightMirror(drawn)}
angles = {"sent": error_angles, "matrix": weight_angles}

# %%
import numpy as np
from dfa_utils.chapter.records import record_curve, record_history

for name, chosen in ways.items():
    rate, decay = akrout.RATES[name[:2]], weight_decay * ("decay" in name)
    moves = akrout.SlowBiases(rate, weight_decay=decay, batch_size=batch_size)
    recipe = Recipe(chosen, moves, batch_size=batch_size)
    run = Run(network, recipe, data, seeds, weights=drawn, biases=drawn)
    if name == "wm":
        akrout.mirror_first(run)
    measure = angles if run.feedback else {}
    kept = chapter.checkpoint(f"learned_feedback_{name}")
    run.fit(num_epochs, measure=measure, checkpoint=kept)
    record_history(run.history, name)
    for part in measure:
        lowest = np.array(run.measured[part])[:, :, 0]
        record_curve(f"{name}_{part}_angle", lowest)

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
