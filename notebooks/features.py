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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/features.ipynb)

# %% [markdown]
# # What the features look like
#
# The same network is taught by BP, by FA and by DFA, and not at all; what its hidden layers have come to see is laid side by side, and held against what two seeds of the same rule see.
#
# **The question.** Do networks that were taught by different rules come to see the same things?
#
# **What you will see**
#
# - the weights of the first layer as images, before training and under each rule;
# - how well the classes can be read off each hidden layer by a linear map;
# - the test images that one rule gets right and another wrong, and how many more they are than between two seeds;
# - how alike the hidden layers of any two networks are, by one number from zero to one.

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
hidden_sizes: list[int] = [100, 100, 100]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
sgd_rates: list[float] = [0.03, 0.1, 0.3, 1.0]  # to choose from
decay_epochs: int = 2  # the rate is halved after each so many epochs
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 6  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 5000  # null is all
validation_samples: int = 2000  # the last training images, to choose by
tsne_samples: int = 1000  # test images in the pictures
backend: str = "auto"  # auto, numpy, cupy or torch

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# A hidden layer turns an image into a row of numbers, its **features**. Two networks may reach similar errors with features that have little in common, or with much the same ones. That unit 7 of one is not unit 7 of another says nothing: the order of the units is chance, and the layer above can read any mixture of them. So features are compared here in four ways, of which only the first looks at single units.
#
# 1. **Weights of the first layer**, as images. Networks of one seed start from the same weights, so that the same unit can be watched under each rule.
# 2. **A linear probe** (Alain, Bengio 2016): which share of the test images does a linear map from a layer to the classes get wrong, whatever the network's own layers above make of it?
# 3. **Mistakes**: on which images do two networks part?
# 4. **Linear CKA** (Kornblith et al. 2019). Let $X$ and $Y$ be the features of the same images in two layers, rows being images, columns centred. $X X^{\mathsf T}$ says how alike any two *images* are in the eyes of the first, $Y Y^{\mathsf T}$ in those of the second, and
#
# $$
# \mathrm{CKA}(X, Y) = \frac{\langle X X^{\mathsf T},\, Y Y^{\mathsf T} \rangle}{\lVert X X^{\mathsf T} \rVert\, \lVert Y Y^{\mathsf T} \rVert}
# = \frac{\lVert X^{\mathsf T} Y \rVert^2}{\lVert X^{\mathsf T} X \rVert\, \lVert Y^{\mathsf T} Y \rVert}
# $$
#
# is the cosine between these two tables. It does not change when the units of a layer are put into another order, or are rotated. In this plain form it is above zero for features that have nothing to do with one another, the more so the wider they are; so each of the three products is replaced by its unbiased estimate (Song et al. 2012), which leaves out how alike an image is to itself.
#
# Networks that have learned the same classes agree at least on these. So CKA is measured a second time **within the classes**: the mean of each class is subtracted from the features, and what is compared is how images of one class differ. The code of it, whole:

# %%
from dfa_utils.alignment import linear_cka

chapter.show(linear_cka)

# %% [markdown]
# ### What was fixed before the stored run
#
# *Clearly* means, seed by seed, by more than twice the standard deviation over the seeds.
#
# 1. **Training.** The rate of each rule is chosen from one list, by the error of one network on validation images. All networks of a seed start from the same weights and see the images in the same order. The rate is halved on the way, so that networks come to rest: two seeds should not differ by what their last mini-batches were.
# 2. **The baseline** is the same network with hidden layers that stay as they start. Only its output layer learns.
# 3. **Units in pictures** are those that weigh most in the layer above, in the mean of the three taught networks of the first seed. All weights share one scale of colours: white is zero, and a colour is full from the 99.5th percentile of their sizes on.
# 4. **A probe** is a ridge regression to the classes. It sees the first ten thousand training images, which the networks have learned too; its ridge is chosen by the validation images, and it is scored once, on the test images. A layer of FA, of DFA or of the baseline has a **higher** or a **lower** probe error than the same layer under BP if the difference, seed by seed, is clearly so; if not, it is **equal** if the mean of the difference and twice its deviation stay within half a point, and else the question is **open**.
# 5. **The yardstick is the seed.** Each network is compared with those of all other seeds of its own rule, and with those of all other seeds of the other rule; the mean over both rules is taken. Two rules differ **beyond the seeds** if the second comparison clearly finds less in common than the first: a smaller CKA, of all or within the classes, or more images on which exactly one of two networks is wrong.
# 6. **Mistakes of another kind.** Beyond the seeds are also two rules of which one makes the mistakes of the other, only more of them. So a second number asks for the kind. Let $p(x)$ be the share of seeds that are wrong on image $x$, if there were very many: the cosine between the $p$ of two rules is one where they are proportional. It is estimated by counting the images on which two networks of different seeds are *both* wrong; the mistakes are of another kind if it is clearly below one.
# 7. **The start shows** if networks of two rules clearly have more in common when they began from the same weights than when they did not.
#
# Each network takes part in several comparisons, so the numbers of the seeds are not independent of one another, and a deviation of few of them is a rough one: for five seeds the rule asks for little more than two standard errors of the mean. There are dozens of verdicts below, and a single one that is close may be chance. A difference that is not clear is not one that is refuted.
#
# ## The experiment

# %%
from dfa_utils import Network, load_dataset
from dfa_utils.studies import family, features
from dfa_utils.studies import features_report as seen

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)

# %%
from dfa_utils import SGD, HalvedEvery, Recipe, Run


def teach(name, rate, which, stop=None):
    """Train networks under a rule, or their last layer alone."""
    optimizer = SGD(rate, HalvedEvery(decay_epochs))
    recipe = Recipe(features.TAUGHT[name], optimizer, batch_size=batch_size)
    still = range(len(hidden_sizes)) if name == features.UNTRAINED else ()
    run = Run(network, recipe, data, which, frozen=set(still), **family.START)
    return run.fit(num_epochs, stop)


# %%
runs = features.teach_each(teach, sgd_rates, seeds)

# %% tags=["hide-input"]
seen.record_networks(runs)

# %% [markdown]
# ## What we see
#
# Pictures of single images, units and clouds are of this live run. Tables and verdicts, but for one table at the end, are of a stored run of the same notebook, with more images, epochs and seeds. In the place of the numbers above it had:

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("features/mnist")
stored.show_parameters(chapter.parameters)

# %% [markdown]
# Its errors after the last epoch:

# %% tags=["hide-input"]
seen.show_networks(stored)

# %% [markdown]
# ### Weights of the first layer
#
# Each column is one unit, each row a network. Where a pixel is black in every image its weights never move, with black as zero and under any rule, and keep their first random values:

# %% mystnb={"image": {"alt": "Four rows of small square pictures in two colours, the weights of the same eight units of the first layer under BP, FA and DFA and in the untrained network."}, "figure": {"caption": "Live run: weights of the first layer, the same units in each row. Violet is positive, orange negative.", "name": "fig-features-weights"}}
from dfa_utils.figures import plot_images

weights = features.first_weights(runs)
figure = plot_images(weights, data.image_shape, signed=True)

# %% [markdown]
# All four began as the last row. In this picture, what a unit has come to look for under one rule is not what it looks for under another. A picture of eight units is no measurement, and in a layer above, what the units see together may still be much the same.
#
# ### What can be read off a layer
#
# Probe errors of the live run, for the pixels and for each hidden layer:

# %%
probed = seen.record_probes(runs)

# %% [markdown]
# The last hidden layer of the first seed as [t-SNE](bp_vs_dfa.ipynb) places its test images, and the probe's error for it. The pictures see no labels; colours are added afterwards:

# %% mystnb={"image": {"alt": "Four scatter plots of test images embedded in the plane and coloured by class, from the last hidden layer under BP, FA and DFA and from that of the untrained network."}, "figure": {"caption": "Live run: the last hidden layer of four networks, and the share of test images that a linear probe of it gets wrong.", "name": "fig-features-clouds"}}
from dfa_utils.figures import plot_embeddings

clouds, labels = features.embed_last(runs, probed, tsne_samples)
figure = plot_embeddings(clouds, labels, data.class_names)

# %% [markdown]
# And the probes of the stored run, layer by layer, then beside those of BP by the rule above:

# %% mystnb={"image": {"alt": "The probe error of each hidden layer on a logarithmic axis, with a line each for BP, FA, DFA and the untrained network. The line of the untrained network lies far above the others."}, "figure": {"caption": "Stored run: test error of a linear probe of each hidden layer.", "name": "fig-features-probes"}}
from dfa_utils.figures import plot_layers

errors = seen.stored_probes(stored)
figure = plot_layers({"Linear probe": errors}, "test error (%)", log=True)

# %%
from IPython.display import Markdown

Markdown(seen.judge_probes(errors))

# %% [markdown]
# - **Every rule teaches its hidden layers.** Under all three the classes are far easier to read than from random layers, and than from the pixels, and under all three the probe error falls from layer to layer, in the mean of the stored run. That of random layers hardly changes.
# - **DFA's features are not as separable as BP's** in the second and the third layer: its probe errors are clearly higher, though much nearer to those of BP than to those of random layers. In the first layer the question is open by our rule: DFA's mean is higher there too.
# - **FA's are behind both** at every layer. It is also the one that has learned least of the training images, see its errors above.
#
# ### Mistakes
#
# These are the test images on which the rules are most divided: those that more seeds get right under one rule than under the other, by the largest difference, and of equal ones the first in the test set. Below each stands how many seeds get it right, under the rule that does better first.

# %% mystnb={"image": {"alt": "Two rows of eight handwritten digits, those that BP gets right and DFA wrong, and the other way round, each with the number of seeds that get it right under each."}, "figure": {"caption": "Live run: test images on which BP and DFA are most divided.", "name": "fig-features-mistakes"}}
wrong = features.wrong_images(runs)
rows, captions = features.most_divided(runs, wrong, "BP", "DFA")
figure = plot_images(rows, data.image_shape, captions)

# %% [markdown]
# In the stored run, the number of test images on which exactly one of two networks is wrong, the mean over pairs as they are described above:

# %%
tables = seen.stored_tables(stored)
Markdown(seen.judge_pairs("mistakes", tables["one_wrong"], -1, 0))

# %% [markdown]
# The same images by who is right, for networks of different seeds, and whether the mistakes are of another kind:

# %%
Markdown(seen.judge_mistakes(stored.records["both_wrong"]))

# %% [markdown]
# - **Rules part on more images than seeds do**, each pair of them, and their mistakes are not proportional, either: of another kind, by our rule. Of the three, BP and DFA are the nearest pair by both numbers.
# - **Most of it is one-sided.** The images on which BP and DFA part are mostly mistakes of DFA alone. DFA does get images right that BP gets wrong, but fewer than another seed of BP does.
# - **What this does not tell**: a network that is worse on one and the same scale of difficulty fails on easier images as well, and then its $p$ is not proportional to that of a better one. So another kind need not be another taste.
#
# ### How alike the layers are
#
# Every network of the stored run beside every other:

# %% mystnb={"image": {"alt": "A square of shades for each hidden layer, with every network as a row and as a column, sorted by rule. The blocks among BP, FA and DFA are dark; those with the untrained networks are lighter, the more so the higher the layer."}, "figure": {"caption": "Stored run: linear CKA of each two networks. The darker, the more alike; a network with itself is left white.", "name": "fig-features-pairs"}}
from dfa_utils.figures import plot_pairs

figure = plot_pairs(tables["cka"], list(features.TAUGHT), "linear CKA")

# %% [markdown]
# The blocks in numbers, means over the seeds and one sample standard deviation to each side:

# %% mystnb={"image": {"alt": "A panel for each of four pairs of rules with the linear CKA of networks of one rule, of two rules, and of two rules from the same start, against the number of the layer. The last two lie on one another, below the first, and furthest below it in the third layer and beside the untrained network."}, "figure": {"caption": "Stored run: linear CKA within and between the two rules of each pair.", "name": "fig-features-cka"}}
figure = plot_layers(seen.kinds_by_pair(tables["cka"]), "linear CKA")

# %%
Markdown(seen.judge_pairs("cka", tables["cka"], 1, 3))

# %% [markdown]
# And within the classes:

# %% mystnb={"image": {"alt": "The same four panels for the linear CKA within the classes."}, "figure": {"caption": "Stored run: the same within the classes.", "name": "fig-features-cka-within"}}
within = tables["cka_within"]
figure = plot_layers(seen.kinds_by_pair(within), "linear CKA")

# %%
Markdown(seen.judge_pairs("cka", within, 1, 3))

# %% [markdown]
# - **The rules see other things; BP and DFA by a small margin, all classes together.** Every pair differs beyond the seeds in every layer, all classes together and within the classes. But of all classes together, the layers of BP and DFA are nearly as alike as those of two seeds of DFA, less so than those of two of BP, and far more alike than those of BP and random ones.
# - **Part of what they share is the classes.** Within the classes all numbers are lower, and what the rules differ by beyond the seeds is larger, for each pair in each layer.
# - **They part most in the third layer**, in this run: the difference is larger in the third layer than in the first, for every pair.
# - **The start does not clearly show**, in any layer of any pair, nor in the mistakes: networks of two rules are not clearly more alike if they began from the same weights, nor are a network of BP and the random one that it began as.
#
# ### Is it how far they have come?
#
# When training ends BP has learned more of the training images than DFA has. Perhaps its features are other ones for this reason alone. So BP is trained once more on this page, and each seed is stopped after the epoch in which its train error has come down to the one at which DFA ended. This control was added when the numbers above were known; the rules are the same:

# %%
Markdown(seen.compare_early(teach, runs))

# %% [markdown]
# With the default parameters, the features of early BP are no nearer to those of DFA than those of BP at its end: beyond the seeds they differ in every layer, by as much, and in their mistakes by more. Taking away more than half of BP's lead in train error does not make the difference smaller here. The control is a rough one, for training is looked at after whole epochs: early BP still has a part of that lead, and its rate has been halved less often, so that it is less at rest, and two seeds of it part on more images.
#
# Two results of the stored run are not those of this shorter one: here, all classes together, the third layers of BP and DFA are no less alike than the first ones, and on the mistakes of the two the start shows. The two runs differ in images, epochs, seeds and the rate of DFA, so what changes these results cannot be told from them; the second is a single verdict from few seeds.

# %% tags=["hide-input"]
seen.record_tables(runs, wrong)

# %% [markdown]
# ### The answer
#
# Largely the same things, and yet not the same. All classes together, what BP and DFA make of the images is nearly as alike as what two seeds of DFA make of them, less so than what two of BP do. The little by which it differs is clear in every layer, within the classes it is more, and in the shorter run it does not shrink when BP is stopped earlier. The probes see it clearly from the second layer on, where BP's features are the more separable ones; and the images on which the two part are mostly mistakes of DFA.
#
# What this rests on, and does not say:
#
# - **The rules were at different stages.** FA above all had not learned its training images, and by what goes beyond the seeds it is the furthest from BP; within the classes it is nearer to DFA than BP is. The control above is for BP and DFA alone, and of the live run.
# - **The rates**: in the stored run that of DFA is about three times those of BP and FA, and those of DFA and of the baseline are the highest of the list: they might do better at a higher one.
# - **One shape of network, one activation, one data set.** What the next section changes was not run here.
# - **CKA is one number.** It is mostly about the few directions in which features vary most, and can be moved far by what changes no decision (Davari et al. 2022). That it is high does not say that two layers do the same.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Clothes in the place of digits: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -p dataset fashion_mnist`
# - Units that are silent for many images: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -p activation relu`
# - Longer training, in which FA may catch up: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -p num_epochs 30 -p decay_epochs 8`
# - Narrow layers, which have no room for everything: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -y "hidden_sizes: [20, 20, 20]"`
#
# The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/features.py features_run.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook features_run.ipynb features/mnist
# ```
#
# **Fill in.** Linear CKA in its plain form, as in the equation above. Write it, and run the two cells.


# %% tags=["exercise"]
def plain_cka(X, Y):
    """Return a number, for features (images, units) of two layers."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

X = np.array([[1.0, 0.0], [2.0, 1.0], [4.0, -1.0], [9.0, 2.0]])
Y = np.array([[0.5], [3.0], [1.0], [2.0]])


def uncentred(X, Y):
    sizes = [np.linalg.norm(a.T @ a) for a in (X, Y)]
    return np.linalg.norm(X.T @ Y) ** 2 / np.prod(sizes)


def right(X, Y):
    return uncentred(X - X.mean(axis=0), Y - Y.mean(axis=0))


mistakes = {"the columns are not centred": uncentred}
mistakes["that is its square root"] = lambda X, Y: np.sqrt(right(X, Y))
check_exercise(plain_cka, [((X, Y), right(X, Y)), ((X, X), 1.0)], mistakes)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def plain_cka(X, Y):
#     X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
#     sizes = np.linalg.norm(X.T @ X) * np.linalg.norm(Y.T @ Y)
#     return np.linalg.norm(X.T @ Y) ** 2 / sizes
# ```
#
# </details>
#
# **Fill in.** Probes with several ridges have been fitted to training images, for each seed, and their errors counted on validation and on test images. What is the error of a probe whose ridge was chosen honestly?


# %% tags=["exercise"]
def honest(validation_errors, test_errors):
    """Return errors (seeds,), of two tables (ridges, seeds)."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

val = np.array([[5.0, 4.0], [3.0, 6.0], [4.0, 5.0]])
test = np.array([[5.5, 4.5], [4.0, 3.9], [3.5, 5.0]])
check_exercise(
    honest,
    [((val, test), [4.0, 4.5])],
    {
        "the test images have chosen": lambda v, t: t.min(axis=0),
        "those are the errors that have chosen": lambda v, t: v.min(axis=0),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def honest(validation_errors, test_errors):
#     chosen = validation_errors.argmin(axis=0)
#     return test_errors[chosen, range(len(chosen))]
# ```
#
# The smallest of several test errors is too good: part of what made it small is chance, and would not be there on other images. So are the errors that have chosen.
#
# </details>
#
# **Exercise.** A layer of a network without any training has a CKA well above zero with that of another seed. Where is this from?
#
# <details><summary>Answer</summary>
#
# Both see the same images. A wide layer of random weights keeps much of how alike two images are as pixels, whichever weights those are, so two such layers agree on it. What CKA says of training is in what it adds to this.
#
# </details>
#
# ## Further reading
#
# - Kornblith, Norouzi, Lee, Hinton (2019), *Similarity of Neural Network Representations Revisited*, [arXiv:1905.00414](https://arxiv.org/abs/1905.00414)
# - Alain, Bengio (2016), *Understanding intermediate layers using linear classifier probes*, [arXiv:1610.01644](https://arxiv.org/abs/1610.01644)
# - Song, Smola, Gretton, Bedo, Borgwardt (2012), *Feature Selection via Dependence Maximization*, [Journal of Machine Learning Research 13](https://jmlr.org/papers/v13/song12a.html)
# - Davari, Horoi, Natik, Lajoie, Wolf, Belilovsky (2022), *Reliability of CKA as a Similarity Measure in Deep Learning*, [arXiv:2210.16156](https://arxiv.org/abs/2210.16156)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
