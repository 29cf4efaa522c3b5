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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/convolutions.ipynb)

# %% [markdown]
# # Take DFA to PyTorch, JAX and convolutions
#
# A dozen lines make any autograd framework train by DFA; with them a small convolutional network learns clothes under four rules.
#
# **The question.** How is DFA written where a framework takes the gradients, and does it train convolutions as it trains layers of units?
#
# **What you will see**
#
# - DFA in PyTorch and in JAX, with the same gradients as the code of this book;
# - a convolutional network on Fashion-MNIST under back-propagation (BP), feedback alignment (FA) and direct feedback alignment (DFA), and with convolutions that stay as they were drawn;
# - how far what DFA sends a convolution is from the gradient.

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
dataset: str = "fashion_mnist"  # mnist, fashion_mnist or digits
channels: list[int] = [16, 32]  # of the two convolutions
rmsprop_rates: list[float] = [0.001]  # the best by validation is taken
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 5000  # null is all
validation_samples: int = 1000  # the last training images, never trained on
backend: str = "torch"  # the library that this chapter is about

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# An autograd framework sends errors by the chain rule. DFA needs two changes:
#
# 1. **Cut.** Each layer gets its input as a constant (`detach` in PyTorch, `stop_gradient` in JAX). What reaches its output then moves its own parameters and goes no further.
# 2. **Send.** The error of the logits, times the layer's matrix $B_l$, takes the place of what would have come from above.
#
# The slope of the activation, the gradients of weights and biases, and the optimizer stay the framework's.
# Nothing here asks what a layer is: it may be a convolution.
#
# ### In PyTorch

# %%
from dfa_utils.autograd.in_torch import Mirrored, dfa_backward, forward

chapter.show(forward, dfa_backward)

# %% [markdown]
# `loss.backward()` becomes `dfa_backward(outputs, feedback, loss)`; all else in a training loop stays.
# A test trains the same network by this and by the rest of the book: gradients, curves and angles are the same, but for rounding.
#
# ### In JAX
#
# JAX takes gradients of functions, so DFA becomes a function: one whose value means nothing and whose gradient is DFA's.
# The outputs of each layer are multiplied by the error that it is sent, and that error counts as constant.
# `jax.grad(dfa_surrogate)` is then what an optimizer gets in the place of the gradient.
# This is the module `dfa_utils.autograd.in_jax` but for its description; a test compares its gradients with those of the book.
#
# ```python
# import jax
# import jax.numpy as jnp
#
#
# def dfa_surrogate(params, feedback, x, targets):
#     constant, hidden = jax.lax.stop_gradient, [x]
#     for weights, biases in params[:-1]:
#         hidden.append(jnp.tanh(constant(hidden[-1]) @ weights + biases))
#     weights, biases = params[-1]
#     logits = constant(hidden[-1]) @ weights + biases
#     error = constant(jax.nn.sigmoid(logits) - targets)
#     sent = [error @ B for B in feedback]
#     return sum(map(jnp.vdot, sent, hidden[1:])) + jnp.vdot(error, logits)
# ```
#
# ## The experiment
#
# The network has two convolutions of 5 by 5 pixels that halve the image, tanh after each, and one layer that reads them.
# It is trained under four rules:
#
# - **BP**, the gradient;
# - **FA**: the way back of each map is that of another one of the same kind, which stays as it was drawn;
# - **DFA**: one matrix for each convolution, with numbers of its own for each place of each channel, standard normal and divided by the root of the number of classes;
# - **last**: the convolutions stay as they were drawn, and the last layer alone learns. What DFA makes of convolutions has to be better than this to be worth anything.
#
# FA needs one thing more, a map whose way back is another map's:

# %%
chapter.show(Mirrored.forward)

# %% [markdown]
# Outputs, loss and optimizer are those of the paper's fully connected networks: logistic outputs, errors summed over the mini-batch, RMSprop. Start and learning rate are not.
# All rules start from the same weights, those that PyTorch draws, and see the images in the same order.
# Where several learning rates are given, each rule takes the one whose error on images kept apart is the lowest after the last epoch, in the mean over the seeds.

# %%
import torch
from dfa_utils import load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
torch.set_default_device(data.train_images.device)  # for what is made below

# %% [markdown]
# The network, its training under one rule, and a training loop that is an ordinary one but for the line that differs:

# %%
from dfa_utils.autograd.training import fit
from dfa_utils.studies import convolutions

chapter.show(convolutions.draw_maps, convolutions.train, fit)

# %%
import numpy as np
from dfa_utils.autograd.training import dfa_angles, history_of
from dfa_utils.chapter.records import record, record_history
from dfa_utils.chapter.selection import select


def at_best_rate(name):
    """Return the history and the networks of a rule at its own rate."""
    tried, networks = {}, {}
    same = (data, channels, num_epochs, batch_size)
    for rate in rmsprop_rates:
        each = [convolutions.train(name, rate, s, *same) for s in seeds]
        networks[rate] = each
        tried[rate] = history_of([curves for curves, *_ in each], seeds)
    record(f"{name.lower()}_rate", select(tried))
    return tried[select(tried)], networks[select(tried)]


# %%
some = data.test_images[:1000].reshape(-1, 1, *data.image_shape)
histories, angles = {}, []
for name in ("BP", "FA", "DFA", "last"):
    histories[name], networks = at_best_rate(name)
    record_history(histories[name], name.lower())
    if name == "DFA":
        for _, *network in networks:
            angles.append(dfa_angles(*network, some, data.test_targets[:1000]))
record("dfa_angle_seeds_curve", np.array(angles))

# %% [markdown]
# ## What we see
#
# The live run, whose errors stand above, is short. What follows is a stored run with more images and epochs and three rates to choose from:

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("convolutions/fashion_mnist")
stored.show_parameters(chapter.parameters)

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train and test error against the epoch, with a curve for BP, FA, DFA and the last layer alone. At the end the curve of BP is the lowest, that of the last layer alone the highest, and those of FA and DFA lie between them; in the first epoch the last layer alone has the lowest train error. At the end the bands of the test errors overlap."}, "figure": {"caption": "Stored run: train and test error of the convolutional network.", "name": "fig-convolutions-errors"}}
from dfa_utils.figures import plot_error_curves

each = {name: name.lower() for name in histories}
figure = plot_error_curves(stored.histories(each))

# %% [markdown]
# Which of two rules is ahead is judged seed by seed: one is if the difference of the last test errors is clearly above zero, by more than twice its standard deviation over the seeds. Two networks of one seed start from the same weights and see the images in the same order.

# %% tags=["hide-input"]
errors = {run: stored.last(run, "test_error") for run in each.values()}
verdicts.judge_order("stored", errors)

# %% [markdown]
# And the angle between what DFA sends each convolution and the gradient, on test images after the last epoch; a right angle is that of random directions.

# %% tags=["hide-input"]
for number, degrees in enumerate(stored.curve("dfa_angle_seeds").T, start=1):
    mean, spread = verdicts.interval(degrees)
    record(f"stored_convolution_{number}_angle", mean)
    print(f"convolution {number}: {mean:.1f} ± {spread:.1f} degrees")

# %% [markdown]
# - **BP is ahead of FA and of convolutions that stay random.** Its error is below DFA's in every seed too, but by so different amounts that by our rule neither is ahead.
# - **FA makes something of its convolutions, DFA not clearly.** FA is clearly ahead of the last layer alone. DFA's error is lower than that in every seed too, but again by so different amounts that neither is ahead.
# - **Both doubts hang on the last epoch.** In it one seed jumps up, under DFA far less than under the others. After every epoch before it the same rule finds BP ahead of DFA, and after the two before it DFA ahead of the last layer alone. The rule asks for the last epoch, so its verdicts stand; they would hardly stand in a second run.
# - **DFA hardly points along the gradient.** At the first convolution the angle is all but a right one, at the second about ten degrees less. In the fully connected networks of [the alignment chapter](alignment.ipynb) it falls much further.
#
# A convolution is a layer whose units share their weights, so few numbers have to fit a feedback matrix that has one for every place of every channel. That may be why there is so little alignment; it is a guess that nothing here tests.
# Random convolutions are a strong baseline at this size, and their rate is the largest of the list, so a larger one might make them better still. Three seeds are few. The network is small and was trained briefly, on a part of the images, so this says where DFA stands at the start and not where it ends.

# %% [markdown]
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Digits in the place of clothes: `.venv/bin/papermill notebooks/convolutions.ipynb out.ipynb -p dataset mnist`
# - A rate for each rule: `.venv/bin/papermill notebooks/convolutions.ipynb out.ipynb -y "rmsprop_rates: [0.0003, 0.001, 0.003]"`
# - Narrow convolutions: `.venv/bin/papermill notebooks/convolutions.ipynb out.ipynb -y "channels: [4, 8]"`
#
# **Exercise.** A convolution shares its weights between all places of the image. Does DFA's matrix share anything between them, and what could follow from that?
#
# <details><summary>Answer</summary>
#
# It has numbers of its own for every place, so neighbouring places are told unrelated things about the same error, while the weights that they share can follow only the sum.
# BP sends each place what that place contributed, so its sum is the gradient.
#
# </details>
#
# **Fill in.** What DFA sends to a convolution whose output is (channels, rows, columns) for one image.


# %% tags=["exercise"]
def sent(error, feedback):
    """Return what is sent, (images, channels, rows, columns)."""
    ...  # (images, classes) and (classes, channels, rows, columns)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

error, matrix = np.array([[1.0, 0.5], [0.0, -1.0]]), np.arange(8.0)
matrix = matrix.reshape(2, 1, 2, 2)
check_exercise(
    sent,
    [((error, matrix), np.tensordot(error, matrix, 1))],
    {
        "every image is sent the sum over the images": lambda e, B: (
            np.tensordot(0 * e + e.sum(0), B, 1)
        ),
        "a minus is too much": lambda e, B: -np.tensordot(e, B, 1),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sent(error, feedback):
#     return np.tensordot(error, feedback, 1)
# ```
#
# </details>
#
# **Fill in.** How many numbers does that matrix hold?


# %% tags=["exercise"]
def count(classes, channels, rows, columns):
    """Return the number of numbers."""
    ...


# %% tags=["hide-input", "exercise-check"]
from dfa_utils import check_exercise

check_exercise(
    count,
    [((10, 16, 14, 14), 10 * 16 * 14 * 14), ((3, 2, 4, 5), 120)],
    {
        "that is one number for a channel": lambda c, m, h, w: c * m,
        "that is for one class": lambda c, m, h, w: m * h * w,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def count(classes, channels, rows, columns):
#     return classes * channels * rows * columns
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Launay, Poli, Krzakala (2019), *Principled Training of Neural Networks with Direct Feedback Alignment*, [arXiv:1906.04554](https://arxiv.org/abs/1906.04554)
# - Moskovitz, Litwin-Kumar, Abbott (2018), *Feedback alignment in deep convolutional networks*, [arXiv:1812.06488](https://arxiv.org/abs/1812.06488)
#
# ## Provenance

# %% tags=["nbval-ignore-output"]
chapter.provenance()
