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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/align_then_memorise.ipynb)

# %% [markdown]
# # Align, then memorise
#
# A small network learns digits under DFA, from right labels and from random ones, and you see what comes first: that it aligns with its feedback, or that it fits the images.
#
# **The question.** Refinetti et al. (2021) say that DFA learns in two steps, alignment and then memorisation, and that its feedback decides where the network ends. Is this seen on MNIST?
#
# **What you will see**
#
# - errors and alignment over time, with a part of the training labels replaced at random;
# - networks from different starts that end near one another where they share their feedback;
# - why the error rises when a trained network is handed over to DFA, shown by feedback that is already aligned.

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
hidden_sizes: list[int] = [64, 64, 64]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
learning_rate: float = 0.002  # of plain SGD
batch_size: int = 32  # samples in a mini-batch
num_epochs: int = 40  # passes over the training set
label_noises: list[float] = [0.0, 0.5]  # shares of random labels, first none
init_scales: list[float] = [1.0, 0.3]  # of the start, in parts of the usual
pretrain_epochs: int = 20  # of section 3, with the first layer frozen
release_epochs: int = 15  # of section 3, after its release
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 2000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Direct feedback alignment (DFA) sends hidden layer $l$ the output error through a fixed random matrix, $\delta_l = (e\, B_l) \odot f'(a_l)$.
# Refinetti et al. follow how this comes to work, and describe two steps:
#
# - **align**: at first the weights adapt to the feedback, until what is sent points the way of the gradient;
# - **memorise**: then the network fits the data.
#
# They add that the layers align one after the other, from the bottom to the top, and that the first step **breaks a degeneracy**: of the many networks that would fit, one is chosen by the matrices $B_l$, wherever the weights began.
#
# Labels that are replaced at random pull the two steps apart. Nothing about them can be understood, they can only be memorised, which takes long.
# `label_noise` is a parameter of the data: that share of the training labels is drawn anew, each class as probable as any other, so that one in ten of them is the right one again. Test labels stay as they are.
#
# ## The rules, before the numbers
#
# The runs on this page are short. The verdicts come from a stored run of this very notebook with more epochs, more seeds and more kinds of noise.
# The rules were fixed before that run, after a look at runs like those on this page.
# A difference is **clearly** above zero if its mean over the seeds is more than twice its standard deviation, and a claim holds if it does in all layers.
#
# A curve's **half-way epoch** is that at which it has gone half of its way from before training to the last epoch.
#
# - *Alignment comes first*: the angle of each layer is half-way clearly before the train error is.
# - *From the bottom to the top*: each layer is half-way clearly before the one above it.
# - *Alignment is given up*: at the end the angle is clearly above its lowest value, and by a degree at least.
# - *Noise costs alignment*: the last angle is clearly above that without noise.
# - *Degeneracy is broken*: networks with the same feedback end clearly nearer to one another than they began, by ten degrees at least, and under BP, or with other feedback each, they do not.
# - *They end close*: their angle is below 45 degrees, so that of the squared length of each network's weights more than half lies along those of the other.

# %%
from dfa_utils.chapter import verdicts

chapter.show(verdicts.halfway, verdicts.clearly)

# %% [markdown]
# ## The experiment
#
# The settings are near those of the paper's own code: three hidden layers of 64 units, uniform starts, softmax outputs with cross-entropy, plain gradient descent on errors that are summed over batches of 32; the rate is twice theirs, to save time, and the images are the first ones of MNIST.
# All networks with one and the same feedback have it from the seed zero, while starts and shuffles differ.
#
# Angles are those of the mean cosine between the errors that DFA and BP send for the first thousand training images, with the labels that are trained on. The train error is that of the network at the end of an epoch, on the same labels.

# %%
from dfa_utils import SGD, Network, Recipe, Run, UniformFanIn, load_dataset

options = {"optimizer": SGD(learning_rate), "batch_size": batch_size}
options |= {"loss": "cross_entropy", "reduction": "sum"}


def start(learning_rule, noise=0.0, scale=1.0, **others):
    """Return a run that has not begun, on labels with some noise."""
    inputs = {"input_range": input_range, "train_samples": train_samples}
    inputs |= {"backend": chapter.backend, "label_noise": noise}
    data, recipe = (
        load_dataset(dataset, **inputs),
        Recipe(learning_rule, **options),
    )
    network = Network.between(data, hidden_sizes, activation)
    return Run(
        network, recipe, data, seeds, weights=UniformFanIn(scale), **others
    )


# %%
from dfa_utils.alignment import error_angles, gradient_angles, network_angles
from dfa_utils.chapter.records import record_run


def angles(run, measure=error_angles):
    """Return the angles on the first thousand training images."""
    images, targets = run.data.train_images, run.data.train_targets
    return measure(run, images=(images[:1000, :], targets[:1000, :]))


def fit(name, run, epochs=num_epochs, **measure):
    """Train a run, and record its errors and what was measured."""
    kept = chapter.checkpoint(f"align_then_memorise_{name}")
    record_run(run.fit(epochs, measure=measure, checkpoint=kept), name)
    return run


# %% [markdown]
# ## 1. Two steps?
#
# DFA learns from the same images with right labels and with random ones among them:

# %%
from dfa_utils import BP, DFA, UniformFanOut
from dfa_utils.chapter.probes import training_errors

feedback = UniformFanOut(3**0.5)  # its rows have a length of about one
same = [0] * len(seeds)  # the seeds of the feedback
for noise in label_noises:
    run = start(DFA(feedback), noise, feedback_seeds=same)
    name = f"noise_{100 * noise:.0f}"
    fit(name, run, angle=angles, error=training_errors)

# %% [markdown]
# What the stored run was given in the place of the parameters above:

# %%
stored = verdicts.StoredRun("align_then_memorise/mnist")
stored.show_parameters(chapter.parameters)

# %% mystnb={"image": {"alt": "Train error against the epoch, one curve for each share of random labels. Without noise it falls within a few epochs; the more noise, the later and slower is the fall."}, "figure": {"caption": "Stored run: train error, on the labels that are trained on.", "name": "fig-align-then-memorise-train"}}
from dfa_utils.figures import plot_measured, plot_test_errors

noises = stored.parameters["label_noises"]
kinds = {f"noise {noise:g}": f"noise_{100 * noise:.0f}" for noise in noises}
figure = plot_measured(stored.curves(kinds, "error"), "train error (%)")

# %% mystnb={"image": {"alt": "Test error against the epoch, one curve for each share of random labels. All fall at first; with noise they turn after some epochs and rise again, the more so the more labels are random."}, "figure": {"caption": "Stored run: test error, on right labels.", "name": "fig-align-then-memorise-test"}}
figure = plot_test_errors(stored.histories(kinds))
legend = figure.axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

# %% mystnb={"image": {"alt": "A panel for each hidden layer with the alignment angle against the epoch, one curve for each share of random labels. All begin at a right angle and fall to the end; with more noise they begin to fall later."}, "figure": {"caption": "Stored run: angle between the errors of DFA and of BP.", "name": "fig-align-then-memorise-angles"}}
figure = plot_measured(stored.curves(kinds, "angle"), "degrees")

# %% tags=["hide-input"]
stored.judge_phases(kinds)

# %% [markdown]
# - **Two steps are seen where half of the labels or more are random, and not with fewer.** With right labels the fit is half-way before any layer is: on these digits a network that is hardly aligned yet has learned most of what there is to learn. With few random labels the first layer is half-way with the fit, and the others are clearly later. Where half of the labels or more are random, all layers are half-way long before the fit is. A part of this lies in our measure: with few random labels the train error goes half of its way by what can be understood, and with more than half it cannot do so without memorising. The test error is at its lowest at about the time when the layers align, and rises again while the random labels are memorised.
# - **From the bottom to the top** holds throughout: each layer is half-way before the one above it.
# - **Nothing is given up.** At all shares of noise the angles end, in the mean over the seeds, at their lowest or within a degree of it: what is memorised is memorised along the feedback.
# - **Noise does not cost alignment, it brings some.** It delays it, but the last angles are smaller with random labels than without, in every layer. A likely reason, which is not measured here: to fit such labels the weights have to grow further, and what they add comes from the feedback.
#
# The angle counts each image alike, however small its errors have become; where all labels are learned, they are small.
#
# ## 2. Feedback decides where a network ends
#
# From the usual start, and from a smaller one, networks of different seeds learn the right labels: under BP, under DFA with the same matrices for all, and with matrices of their own.
# How far are their weights from one another? Units are compared by their number: two networks that differ in the order of their units alone are far apart by this measure, although they do the same.

# %%
ways = {"BP": (BP(), None), "DFA, same B": (DFA(feedback), same)}
ways["DFA, other B"] = DFA(feedback), None
ends = {w: f"ends_{n}" for n, w in enumerate(ways)}
for scale in init_scales:
    for words, (learning_rule, drawn) in ways.items():
        run = start(learning_rule, scale=scale, feedback_seeds=drawn)
        fit(f"{ends[words]}_{scale:g}", run, network=network_angles)

# %% mystnb={"image": {"alt": "A panel for each hidden layer and for the output layer with the angle between networks against the epoch. Under BP and under DFA with other matrices it stays a right angle; under DFA with the same matrices it falls, at first steeply."}, "figure": {"caption": "Stored run: angles between the weights of networks from different starts of the usual size.", "name": "fig-align-then-memorise-ends"}}
first = {w: f"{ends[w]}_{init_scales[0]:g}" for w in ends}
titles = ["Layer 1", "Layer 2", "Layer 3", "Output layer"]
figure = plot_measured(stored.curves(first, "network"), "degrees", titles)

# %% tags=["hide-input"]
for scale in stored.parameters["init_scales"]:
    runs = {
        f"start {scale:g}, {w}": (f"{ends[w]}_{scale:g}", "same" in w)
        for w in ends
    }
    stored.judge_ends(runs)

# %% [markdown]
# The degeneracy is broken, and by nothing but the matrices: with the same ones the networks come nearer to one another in every layer, most of the way in the first epochs, and with other ones, or under BP, they stay at right angles.
# Whether they end *close* depends on the start. From the smaller one they do. From the usual one, by the rule above, they do so in the output layer alone: training adds to the weights and does not erase what they were drawn with. In the first layer it cannot even reach all of it: where pixels are black in all images, their input is zero here, and their weights stay as they were drawn.
#
# So it is not one network in which all end. It is a common part, set by the feedback, on top of what each began with.
#
# ## 3. Why the error rises when DFA takes over
#
# In [the chapter on the frozen layer](frozen_first_layer.ipynb) BP trains all layers but the first, DFA takes over, and the error jumps up before it falls.
# If the reason is that the feedback does not fit the weights, then feedback that does fit, of the same size, must do without the rise.
# Both can be had, for a rule says what its matrices aim at:


# %%
class Aligned(DFA):
    """DFA whose matrices fit the weights of its start, as large as random ones."""

    name = "aligned"

    def draw(self, rng, sizes, params):
        drawn, aims = super().draw(rng, sizes, params), self.aims(params)
        pairs = zip(aims, drawn, strict=True)
        return [
            aim * ((B**2).sum() / (aim**2).sum()) ** 0.5 for aim, B in pairs
        ]


# %% [markdown]
# The rule for the verdict: the test error **rises** if after the first epoch it is clearly above that before the release. It must do so under DFA, and neither under DFA with fitting matrices nor under BP.
# The angle of the gradients of the weights says what a small step of a layer does to the loss: below a right angle it helps, above it harms.

# %%
from functools import partial

gradient = partial(angles, measure=gradient_angles)
frozen = fit("frozen", start(BP(), frozen={0}), pretrain_epochs)
taking = {"BP": BP(), "DFA, fitting": Aligned(feedback), "DFA": DFA(feedback)}
releases = {
    words: f"release_{rule.name.lower()}" for words, rule in taking.items()
}
for words, name in releases.items():
    run = frozen.branch(Recipe(taking[words], **options))
    fit(name, run, pretrain_epochs + release_epochs, gradient=gradient)

# %% mystnb={"image": {"alt": "Test error and, below it, the angle of the gradient of each hidden layer, against the epochs since the release, for BP, for DFA with fitting matrices and for DFA. The error of DFA jumps up and falls, those of the other two go down; the angles of DFA begin at a right angle and fall slowly, those of DFA with fitting matrices stay small."}, "figure": {"caption": "Stored run: test error and gradient angles since the release of the first layer.", "name": "fig-align-then-memorise-release"}}
panels = stored.since_release(releases, "gradient")
titles = ["test error (%)", *(f"angle, layer {k}" for k in (1, 2, 3))]
figure = plot_measured(panels, "% or degrees", titles)

# %% tags=["hide-input"]
stored.judge_rise(releases)

# %% [markdown]
# The rise is due to feedback that does not fit. With random matrices the error jumps up in the first epoch; with matrices of the same size that fit the weights, and under BP, it does not.
#
# At the release the gradients of DFA are at about right angles to the true ones in the mean over the seeds: to first order, the steps of the hidden layers neither help nor harm. They are not small, though. A likely reading is that they move what the layers above rely on, without regard for it.
# The error is back at its level while the angles are still wide. A likely reason, not measured here: the output layer, which has the true gradient, follows.
#
# Matrices that fit at the start are no lasting gift: the weights move on and the matrices stay, the angles to them grow, and after the last epoch the error is above that of BP, and above that of DFA with random matrices, to which the weights had to turn.
# In the frozen-layer chapter the angles were those of errors, epoch by epoch over all of MNIST; here an epoch has far fewer steps, and the feedback that fits is the control that says why.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Other units: `.venv/bin/papermill notebooks/align_then_memorise.ipynb out.ipynb -p activation relu`
# - Labels that are all random: `.venv/bin/papermill notebooks/align_then_memorise.ipynb out.ipynb -y "label_noises: [0.0, 1.0]"`
# - Starts of another size: `.venv/bin/papermill notebooks/align_then_memorise.ipynb out.ipynb -y "init_scales: [3.0, 0.1]"`
#
# The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/align_then_memorise.py out.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook out.ipynb align_then_memorise/mnist
# ```
#
# **Exercise.** Section 2 starts from random weights. What would the angles between networks with the same feedback be if all of them started from zero, and what could still tell two of them apart?
#
# <details><summary>Answer</summary>
#
# They would be small, though not zero: start and feedback would be the same, and only the order of the images would differ.
#
# </details>
#
# **Fill in.** Replace a share of labels at random, each class as probable as any other. Draw a random order of the labels, then a class for each; the first of the order are replaced, as many as the share says, rounded.


# %% tags=["exercise"]
def with_noise(labels, share, classes, rng):
    """Return a copy of labels, some of them replaced."""
    ...  # first draw rng.permutation, then rng.integers of that many classes


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise


def replaced(labels, share, classes, rng, first=0):
    order = rng.permutation(len(labels))[first:]
    drawn, noisy = rng.integers(classes, size=len(labels)), labels.copy()
    noisy[order] = drawn[order]
    return noisy


given = np.arange(8), 0.5, 9, np.random.default_rng(1)
check_exercise(
    with_noise,
    [(given, [7, 3, 2, 3, 2, 3, 6, 7])],
    {
        "all labels are replaced": replaced,
        "the others are replaced": partial(replaced, first=4),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def with_noise(labels, share, classes, rng):
#     order = rng.permutation(len(labels))
#     drawn = rng.integers(classes, size=len(labels))
#     replaced, noisy = order[: round(share * len(labels))], labels.copy()
#     noisy[replaced] = drawn[replaced]
#     return noisy
# ```
#
# </details>
#
# **Fill in.** The angle between two networks, layer by layer, in degrees.


# %% tags=["exercise"]
def angles_between(one, other):
    """Return an angle for each layer from two lists of weights."""
    ...


# %% tags=["hide-input", "exercise-check"]
def angle(one, other):
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return np.arccos(np.sum(one * other) / lengths)


pair = [np.eye(2), np.array([[1.0, 2.0]])], [np.ones((2, 2)), np.eye(2)[:1]]
check_exercise(
    angles_between,
    [(pair, [45.0, 63.43495])],
    {
        "those are radians": lambda a, b: [*map(angle, a, b)],
        "those are cosines": lambda a, b: np.cos([*map(angle, a, b)]),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def angles_between(one, other):
#     angles = []
#     for W, V in zip(one, other):
#         cosine = np.sum(W * V) / (np.linalg.norm(W) * np.linalg.norm(V))
#         angles.append(np.degrees(np.arccos(cosine)))
#     return angles
# ```
#
# </details>
#
# ## Further reading
#
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428), and [its code](https://github.com/sdascoli/dfa-dynamics)
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
