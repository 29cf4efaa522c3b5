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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/feedback_matrix.ipynb)

# %% [markdown]
# # What may the feedback be?
#
# Random matrices of every kind, with noise and without, with as little as one bit: DFA is trained through each, until it stops working.
#
# **The question.** DFA sends the error through matrices that are drawn once, at random. What about them matters: their size, their distribution, how many entries are not zero, their rank, whether layers share one? And how faithfully must they carry the error?
#
# **What you will see**
#
# - the test error for each kind of feedback in one picture, with the places where it fails;
# - the angle between what is sent and the gradient, which does not always agree with it;
# - what of this could be said beforehand, from the way RMSprop makes its steps.

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
hidden_sizes: list[int] = [100, 100, 100]  # widths of the layers, all the same
learning_rate: float = 0.001  # of RMSprop
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
feedback_scale: float = 0.1  # root mean square of the entries of B
feedback_scales: list[float] = [1e-10, 1e-8, 1e-6, 0.01, 1.0, 100.0]  # others
zero_shares: list[float] = [0.5, 0.9, 0.95, 0.99]  # of the entries of B
ranks: list[int] = [1, 2, 3, 5, 7, 10]  # of B
noise_levels: list[float] = [0.3, 1.0, 3.0, 10.0, 30.0]  # times what is sent
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
# ### One size for all
#
# Matrices of different kinds are compared at equal size.
# The **size** of a matrix $B$ of $C$ rows and $m$ columns is here the root mean square of its entries, $\lVert B \rVert_{\mathrm F} / \sqrt{C m}$. A sparse matrix has larger entries where it has any, and one of low rank is longer in the directions that it has.
#
# Under plain gradient descent the size is [a learning rate of the hidden layers](scale_and_rate.ipynb), and whatever changes it changes that rate.
# So this chapter trains with [the paper's protocol](paper_protocol.ipynb): RMSprop, tanh units, all weights of zero at the start.
# RMSprop divides the gradient of **each weight** by the root of its own mean square.
# Hidden unit $j$ hears the error through column $j$ of $B$ alone, so the length of that column is a factor of all its gradients, and cancels:
#
# $$
# \delta_{lj} = \lVert b_j \rVert \; \Bigl( e \cdot \frac{b_j}{\lVert b_j \rVert} \Bigr) \, f'(a_{lj})
# $$
#
# What is left of a feedback matrix under RMSprop is one **direction** for each hidden unit: its own mixture of the output errors. What this says beforehand:
#
# - **Scale** does not matter, until the gradients are as small as the $\epsilon$ that RMSprop adds to the root.
# - **Distributions** differ only in the directions that they prefer. Normal numbers prefer none, signs take the corners of a cube.
# - **Zeros** matter when whole columns vanish: such a unit is deaf, and stays at zero for ever. The first exercise below asks how many are.
# - **Rank** $r$ means that all directions lie in $r$ dimensions: there are $C - r$ mixtures of errors that no unit of the layer ever hears.
# - **Orthogonal rows** of equal length make $e B$ a faithful picture of $e$, rotated. [The theory](../book/theory.md) proves for a linear network that then the errors of *each sample* are aligned, where for other matrices only the weights are. The angles should be narrower.
# - **Noise** is drawn anew for each image, while gradients are summed over a mini-batch and steps over mini-batches: much of it cancels. A single image hears little beside it, so the angle, which is taken image by image, should look worse than the learning is.
# - **The sign of the error** is known beforehand: with targets 0 and 1 [it never changes](paper_claims.ipynb). Feedback of that sign is $1 - 2 y$, knows the class, and does not fall silent when the network is right.
#
# ### Rules for the occasion
#
# Scale, distribution, zeros and rank are initialisers of the package; a matrix of a given rank is the product of two with orthogonal columns, so that all directions that it has are equally strong.
# All layers may use copies of one matrix, or matrices whose rows are at right angles to those of the other layers too: the slices of one tall orthogonal matrix.
#
# What is carried may be the sign of the error, or no more than the sign of $e B$ may arrive.
# And noise may be added to $e B$, with a level in units of the root mean square of $e B$ over the mini-batch and the layer:

# %%
from dfa_utils import initialisers as draw
from dfa_utils import rules_feedback as carry

chapter.show(draw.LowRank.__call__, carry.NoisyDFA.send)

# %% [markdown]
# ### How it is judged
#
# The live runs on this page are short. The verdicts come from a stored run of this notebook, with all training images, and the rule was fixed before it.
# A difference counts if its mean over the seeds is **clearly** above zero, by more than twice its standard deviation over the seeds; then
#
# - feedback **fails** if its test error is not clearly below that of networks whose hidden layers stay at random weights while the output layer learns, for as long and at the same rate: such feedback has taught the hidden layers nothing of use. It is a lenient bar, for these epochs and this rate do not bring an output layer alone to its best;
# - it **costs** something if its test error is clearly above that of normal feedback;
# - else it **works**.
#
# With three seeds a standard deviation is itself known poorly, and with this many comparisons some will turn out clear by chance. So small differences mean little here, whatever the word beside them.
#
# ## The experiment
#
# One network, one thing changed at a time. Every variant has the same images in the same order, and the same seeds.

# %%
from dfa_utils import BP, DFA, Network, Recipe, RMSprop, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes)


def begin(kind, **start):
    """Return networks that have not been trained."""
    recipe = Recipe(kind, RMSprop(learning_rate), reduction="sum")
    return Run(network, recipe, data, seeds, **start)


# %% [markdown]
# The variants, as rules with their matrices:

# %%
usual, size = draw.Normal(feedback_scale), feedback_scale
names = "normal", "uniform", "signs", "orthogonal"
kinds = {
    "scale": {f"{s:g}": DFA(draw.Normal(s)) for s in feedback_scales},
    "share of zeros": {
        f"{z:g}": DFA(draw.Sparse(size, z)) for z in zero_shares
    },
    "rank": {f"{r}": DFA(draw.LowRank(size, r)) for r in ranks},
    "noise": {f"{n:g}": carry.NoisyDFA(usual, n) for n in noise_levels},
    "entries": {name: DFA(draw.INITIALISERS[name](size)) for name in names},
}
kinds["layers"] = {"one for all": dfa_utils.SharedDFA(usual)}
kinds["layers"]["apart"] = carry.SlicedDFA(draw.Orthogonal(size))
kinds["bits"] = {"sign of e": dfa_utils.ErrorSignDFA(usual)}
kinds["bits"]["sign of eB"] = carry.SignedFeedbackDFA(usual)

# %% [markdown]
# All are trained, and measured at the end: test error, and the [alignment angle](alignment.ipynb) of each hidden layer.

# %%
from dfa_utils import error_angles, record
from dfa_utils.chapter import verdicts
from dfa_utils.studies import variations

runs = {t: {n: begin(k) for n, k in row.items()} for t, row in kinds.items()}
runs["none"] = {"BP": begin(BP())}
frozen = range(len(hidden_sizes))
runs["none"]["hidden layers frozen"] = begin(BP(), frozen=frozen)
what = {"angle": error_angles}
ends = variations.train_each(runs, num_epochs, what, chapter, "feedback")
level = variations.errors_of(ends.pop("none"))
errors, angles = {}, {}
for title, row in ends.items():
    errors[title] = {"DFA": variations.errors_of(row)}
    angles[title] = variations.layers_of(row, "angle")
for name, value in (("errors", errors), ("angles", angles), ("level", level)):
    record(name, value)

# %% mystnb={"image": {"alt": "Seven small panels of the test error on a logarithmic scale, one for each thing that was varied: scale, share of zeros, rank, noise, entries, layers, bits. Horizontal lines mark BP, low, and networks with frozen hidden layers, high. The line for scale is flat but at the smallest scales, where it is higher. Those for entries and layers are nearly flat. Those for the share of zeros and for noise rise to the right, that for rank falls, and all three go above the upper line at one end."}, "figure": {"caption": "Live run: test error of DFA by kind of feedback. A dot is a seed, the line their mean.", "name": "fig-feedback-matrix-live"}}
from dfa_utils.figures import plot_variations

figure = plot_variations(errors, "test error (%)", level)

# %% [markdown]
# ## What we see
#
# The stored run was given, in the place of the numbers above:

# %%
stored = verdicts.StoredRun("feedback_matrix/mnist")
past = stored.records
stored.show_parameters(chapter.parameters)

# %% mystnb={"image": {"alt": "Seven small panels of the test error on a logarithmic scale, one for each thing that was varied: scale, share of zeros, rank, noise, entries, layers, bits. Horizontal lines mark BP, low, and networks with frozen hidden layers, high. The line for scale is flat but at its two smallest values, where it is higher. Those for entries and layers are flat. That for the share of zeros rises to the right and that for rank falls, and each is above the upper line at one end. That for noise rises and stays below it. Signs in the place of numbers lie between the two lines."}, "figure": {"caption": "Stored run: test error of DFA by kind of feedback. A dot is a seed, the line their mean.", "name": "fig-feedback-matrix-errors"}}
figure = plot_variations(past["errors"], "test error (%)", past["level"])

# %% [markdown]
# And the angles between what is sent and what BP would send, by layer:

# %% mystnb={"image": {"alt": "Seven small panels of the alignment angle in degrees, with a line for each of three hidden layers. Under noise all angles are close to a right angle, from the smallest level on. They rise with the share of zeros, up to nearly a right angle, fall as the rank grows, but for the first layer's at rank one, and are wide where only signs are carried. Elsewhere they lie around or below half a right angle, the first layer's highest."}, "figure": {"caption": "Stored run: alignment angles by kind of feedback.", "name": "fig-feedback-matrix-angles"}}
figure = plot_variations(past["angles"], "degrees", logarithmic=False)

# %% [markdown]
# The verdicts. Beside each stands how far the test error is above that of normal feedback, seed by seed, in percentage points, and then the error itself, each as mean and standard deviation; where that is wide, all seeds and their median.
# Normal feedback is named `normal` among the entries, `own` among the layers and `all` among the bits. At full rank the matrices are the orthogonal ones:

# %% tags=["hide-input"]
variations.judge_each(past["errors"], ("entries", "normal"), past["level"])

# %% [markdown]
# **Scale.** Over many orders of magnitude it makes no difference that could be called one, and over most of these none in any digit that is shown. At the two smallest scales the gradients of the hidden layers come down to RMSprop's $\epsilon$: their steps are shorter, and after as many epochs they are behind. Whether they would get there with more epochs was not run. At the second smallest it is not for want of alignment: in no layer is the mean angle wider than at the usual scale. At the smallest one this is so in the first layer alone; in the others the angle is clearly wider.
#
# **Entries.** Normal, uniform, signs, orthogonal: no verdict on the error tells them apart, though with signs the angle is clearly narrower in the upper two layers. Nor does the expectation about orthogonal rows come true in a way that these seeds could show: in the first layer the angle is not narrower, in the others its mean is, by no more than the seeds differ. A likely reason stands in [the theory](../book/theory.md): ten random rows of a hundred entries are nearly orthogonal as they are.
#
# **Layers.** One matrix for all layers works, and so do rows at right angles between layers: what one layer hears may be the same as what the others hear.
#
# **Zeros.** With half of the entries gone nothing is lost that could be told from chance. From the next share on it costs, and with the largest it fails. By then most units are deaf, and most of those that are not hear a single class; which of the two does the harm was not separated.
#
# **Rank.** This is what a feedback matrix needs. With one direction the network does not learn, with two it does, and what a further one is worth falls, in the mean, up to the full rank; whether it still falls among the largest, the seeds do not tell. Matrices of the same size and the same number of entries differ here as nowhere else on this page.
#
# **Noise.** The smallest level costs nothing, and the largest, many times the size of what is sent, costs a good deal and still does not fail.
#
# **Bits.** One bit for each class, or one for each unit, is enough to learn with, and costs about the same. Both are far from failing. That of the error knows the class alone, and pushes on when the answer is right: it is [the same all along](paper_claims.ipynb), $1 - 2y$, which is close to sending the target in the place of the error (Frenkel et al. 2021).
#
# **The angle does not say it all.** With the smallest noise the angles are close to right angles, and the test error is that of clean feedback. A matrix of rank seven has far narrower angles than noise of level one, and in the mean a larger error. The angle compares directions image by image. What is random in them from image to image cancels in a sum over many; what is missing in the same way for all images does not.
#
# **What RMSprop hides.** All this holds for an optimizer that gives each weight a step of its own length. Under plain gradient descent units with a longer column learn faster, a sparse matrix has longer columns than a full one where it has any, and each kind of matrix would need a rate of its own before it could be compared.
#
# **Where the live run disagrees.** It makes far fewer steps, on fewer images, at a larger rate, and more of the feedback is then too poor: the highest level of noise, which fewer steps cancel less, the smallest scale and a matrix of rank two end no better than frozen layers.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Narrower layers have fewer units to spare: `.venv/bin/papermill notebooks/feedback_matrix.ipynb out.ipynb -y "hidden_sizes: [20, 20, 20]"`
# - Other images: `.venv/bin/papermill notebooks/feedback_matrix.ipynb out.ipynb -p dataset fashion_mnist`
# - The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/feedback_matrix.py long.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook long.ipynb feedback_matrix/mnist
# ```
#
# **Fill in.** Each entry of a feedback matrix is zero with some probability, each by itself. Which share of the hidden units hears nothing at all, on average?


# %% tags=["exercise"]
def deaf_share(zeros, classes):
    """Return the expected share of units whose column is zero."""
    ...  # zeros is the probability of one entry


# %% tags=["hide-input", "exercise-check"]
from dfa_utils import check_exercise

check_exercise(
    deaf_share,
    [((0.9, 10), 0.3486784401), ((0.5, 2), 0.25), ((0.0, 5), 0.0)],
    {
        "that is the share of entries": lambda zeros, classes: zeros,
        "such units miss at least one class": lambda z, c: 1 - (1 - z) ** c,
        "that is the share of those that hear": lambda z, c: 1 - z**c,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def deaf_share(zeros, classes):
#     return zeros**classes
# ```
#
# All entries of the column must be zero. Under tanh from weights of zero, such a unit stays at zero: the layer has become narrower.
#
# </details>
#
# **Fill in.** What of an error does a layer hear whose feedback has a low rank? Return the part of $e$ that is left if all that $B$ loses is taken away.


# %% tags=["exercise"]
def heard(error, feedback):
    """Return the part of errors (images, classes) that is not lost."""
    ...  # feedback is (classes, units); np.linalg.pinv inverts what it can


# %% tags=["hide-input", "exercise-check"]
import numpy as np

error = np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
matrix = np.outer([1.0, 1.0, 0.0], [2.0, 0.0, 1.0, 2.0])  # of rank 1
check_exercise(
    heard,
    [((error, matrix), [[0.5, 0.5, 0.0], [1.0, 1.0, 0.0]])],
    {
        "that is what is sent": lambda error, B: error @ B,
        "that is the lost part": lambda e, B: e - e @ B @ np.linalg.pinv(B),
        "what is sent back by the transpose is stretched": lambda e, B: (
            e @ B @ B.T
        ),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def heard(error, feedback):
#     return error @ feedback @ np.linalg.pinv(feedback)
# ```
#
# $B B^+$ projects on the directions in which $B$ sends anything: as many as its rank. Two errors that differ only in what is lost are the same to every unit of the layer.
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Frenkel, Lefebvre, Bol (2021), *Learning without feedback: fixed random learning signals allow for feedforward training of deep neural networks*, [arXiv:1909.01311](https://arxiv.org/abs/1909.01311), where only the sign of the error is sent, or the target in its place
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
# - Mezzadri (2007), *How to generate random matrices from the classical compact groups*, [arXiv:math-ph/0609050](https://arxiv.org/abs/math-ph/0609050)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
