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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/alignment.ipynb)

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
# What such an angle is worth, and what could feign it, is the question of [the next chapter](alignment_controls.ipynb).

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
dataset: str = "digits"  # mnist, fashion_mnist, cifar10, cifar100 or digits
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
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

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
# Where the angle of one image is less than a right angle, a small enough step of the layer along the rule, for this image alone, lowers the loss of this image.
# A right angle means that such a step does nothing for it, to first order.
#
# What we draw is one angle for all test images: that of the mean of their cosines.
# It says how well the rule is aligned on the whole, and no more than that.
# A right angle of the mean does not say that the two have nothing to do with each other: half of the images may be aligned and half opposed.
# And less than a right angle no longer says that a step lowers the loss: in the mean of the cosines all images count alike, while in a step those with large errors count most, and the share of each image moves the outputs of all others too ([the theory](../book/theory.md) has an example of two images).
#
# This is the measurement, whole:

# %%
from dfa_utils.alignment import error_angles, mean_angle, sent_errors, step_on

chapter.show(step_on, sent_errors, error_angles, mean_angle)

# %% [markdown]
# ## The experiment
#
# One function trains the same network under back-propagation (BP), feedback alignment (FA) and direct feedback alignment (DFA), from the same initial weights and in the same order of the images.
# `measure` names what a run measures before the first epoch and after each:

# %%
from dfa_utils import Network, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
common = {"loss": loss, "batch_size": batch_size}
histories, angles = {}, {}

# %%
import numpy as np
from dfa_utils import BP, DFA, FA, SGD, Normal, Recipe, Run


def train_each(start, widths, weight_scale, scale):
    """Train one network under each rule, and keep its errors and angles."""
    network = Network.between(data, widths, activation)
    histories[start], angles[start] = {}, {}
    for kind in (BP, FA, DFA):
        recipe = Recipe(kind(Normal(scale)), SGD(learning_rate), **common)
        run = Run(network, recipe, data, seeds, weights=Normal(weight_scale))
        kept = chapter.checkpoint(f"alignment_{start}_{kind.name}")
        run.fit(num_epochs, measure={"angle": error_angles}, checkpoint=kept)
        histories[start][kind.name] = run.history
        angles[start][kind.name] = np.array(run.measured["angle"], "float32")


# %% [markdown]
# Four experiments, each with one thing changed:

# %%
train_each("small", hidden_sizes, init_scale, feedback_scale)
train_each("zero", hidden_sizes, 0.0, feedback_scale)
train_each("deep", deep_hidden_sizes, init_scale, feedback_scale)
train_each("faint", hidden_sizes, init_scale, faint_feedback_scale)

# %% [markdown]
# ## What we see
#
# ### From small random weights
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "A panel of test error and one panel of alignment angle for each hidden layer, against the epoch, with a curve for BP, FA and DFA. The angle of BP is zero; those of FA and DFA begin at a right angle and fall."}, "figure": {"caption": "Test error and alignment angles from small random weights.", "name": "fig-alignment-small"}}
from dfa_utils.figures import plot_alignment, show_epochs

figure = plot_alignment(histories["small"], angles["small"])

# %% [markdown]
# Before training the angles of FA and DFA are close to right angles, as one expects of random feedback, which knows nothing.
# Within a few epochs they fall far below, while the error falls too.
# Nothing has moved the feedback matrices. The weights have moved until the feedback fits them.

# %% [markdown]
# ### From zero

# %% mystnb={"image": {"alt": "The same panels for networks that start from zero. The test error of BP stays at its height; those of FA and DFA fall. Their angles begin after the first epoch."}, "figure": {"caption": "Test error and alignment angles from weights of zero.", "name": "fig-alignment-zero"}}
figure = plot_alignment(histories["zero"], angles["zero"])

# %% [markdown]
# With weights of zero BP sends every hidden layer an error of zero, and nothing but the output biases can learn.
# There is no true error to compare with either, so BP has no angle here, and that of the others begins after the first epoch.
# FA and DFA learn as before: the weights that they make are made of the feedback from the start.

# %% [markdown]
# ### With faint feedback

# %% mystnb={"image": {"alt": "The same panels for networks with faint feedback. The test errors of FA and DFA fall more slowly than that of BP, FA's most slowly. The angles fall slowly, and that of FA in the first layer stays close to a right angle."}, "figure": {"caption": "Test error and alignment angles with faint feedback.", "name": "fig-alignment-faint"}}
figure = plot_alignment(histories["faint"], angles["faint"])

# %% [markdown]
# With small feedback matrices the hidden layers are told little, so their weights move little, and the angles fall slowly.
# Under FA the error on its way to the first layer shrinks twice.

# %% [markdown]
# ### Epoch by epoch

# %% tags=["hide-input"]
titles = {"small": "small and random", "zero": "zero"}
titles["deep"] = "small and random, deep network"
titles["faint"] = "small and random, faint feedback"
show_epochs({titles[s]: (histories[s], angles[s]) for s in titles})

# %% [markdown]
# The lines are means, the bands reach from the lowest to the highest seed.
#
# ### Deep, seed by seed
#
# In the deep network a mean hides what happens: some of these curves jump, and some have not begun. Each thin line is one seed, the thick one their median.

# %% mystnb={"image": {"alt": "Three panels on a logarithmic scale, test error against the epoch in the deep network, for BP, FA and DFA, with a thin line for each seed and a thick one for the median. Lines of BP fall after a plateau and jump up for one epoch or a few; those of FA split, some fall and some stay at the height of guessing; those of DFA fall together from the start, with few jumps."}, "figure": {"caption": "Test error of each seed in the deep network.", "name": "fig-alignment-deep"}}
from dfa_utils.figures import plot_seeds

figure = plot_seeds(histories["deep"])

# %% [markdown]
# ### The last epoch
#
# The errors of the last epoch, in percent: the mean over the seeds and its sample standard deviation, and where that is more than a third of the mean, each seed and their median.
# A test image more or less is a step of

# %% tags=["hide-input"]
from dfa_utils import record

one_image = 100 / data.test_labels.shape[0]
record("one_image", one_image)
print(f"{one_image:.2f} percentage points")


# %%
from dfa_utils import record_errors
from dfa_utils.chapter.records import record_curve

for start in ("small", "zero", "deep", "faint"):
    for name in ("bp", "fa", "dfa"):
        history = histories[start][name.upper()]
        last, prefix = history.last("test_error"), f"{start}_{name}"
        record_errors(prefix, "test_error", last)
        record_curve(f"{prefix}_test_error", history.test_error)
        record_curve(f"{prefix}_angle", angles[start][name.upper()])

# %% [markdown]
# In the deep network BP begins with a plateau, for the small weights shrink the error at every layer on its way down. So does FA, and longer, though its feedback is larger than the weights and shrinks nothing; why it is slow we have not measured. After the last epoch some of its seeds have come far down and the others still guess. DFA has one step to every layer and is ahead at first. Seeds of BP catch up with it once their plateau ends, but their errors jump up again for one epoch or a few, and where one such jump meets the last epoch, the mean of that epoch says more about the jump than about the rule.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Larger images: `.venv/bin/papermill notebooks/alignment.ipynb out.ipynb -p dataset mnist -p num_epochs 5`
# - Large initial weights: `.venv/bin/papermill notebooks/alignment.ipynb out.ipynb -p init_scale 0.5`
# - Narrow layers: `.venv/bin/papermill notebooks/alignment.ipynb out.ipynb -y "hidden_sizes: [4, 4]"`
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
# **Fill in.** What DFA sends a hidden layer of tanh units: `error` is (images, classes), `feedback` (classes, units), `outputs` (images, units) is what the units put out.


# %% tags=["exercise"]
def sent_by_dfa(error, feedback, outputs):
    """Return the error of the units, (images, units)."""
    ...


# %% tags=["hide-input", "exercise-check"]
from dfa_utils import check_exercise

batch = np.array([[1.0, -0.5]]), np.array([[1.0, 2.0], [4.0, 0.0]])
check_exercise(
    sent_by_dfa,
    [((*batch, np.array([[0.5, -0.5]])), [[-0.75, 1.5]])],
    {
        "the slope of the units is missing": lambda e, B, h: e @ B,
        "that is the transposed matrix": lambda e, B, h: (e @ B.T) * (1 - h**2),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sent_by_dfa(error, feedback, outputs):
#     return (error @ feedback) * (1 - outputs**2)
# ```
#
# </details>
#
# **Fill in.** From weights of zero every hidden unit puts out zero, where the slope of tanh is one. What are the weights of the first layer, (pixels, units), after one step of gradient descent on one image under DFA?


# %% tags=["exercise"]
def first_step(image, error, feedback, rate):
    """Return weights from an image (pixels,) and its error (classes,)."""
    ...


# %% tags=["hide-input", "exercise-check"]
image, own_error = np.array([1.0, 0.0, 2.0]), np.array([1.0, -0.5])
matrix = np.array([[1.0, 2.0], [4.0, 0.0]])
check_exercise(
    first_step,
    [((image, own_error, matrix, 0.1), [[0.1, -0.2], [0, 0], [0.2, -0.4]])],
    {
        "that goes uphill": lambda x, e, B, r: r * np.outer(x, e @ B),
        "those are (units, pixels)": lambda x, e, B, r: -r * np.outer(e @ B, x),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def first_step(image, error, feedback, rate):
#     return -rate * np.outer(image, error @ feedback)
# ```
#
# The feedback is in the weights from the first step on: that is how they come to fit it.
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
chapter.provenance()
