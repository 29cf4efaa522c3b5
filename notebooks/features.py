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
# ### What is fixed before any number is seen
#
# *Clearly* means, seed by seed, by more than twice the standard deviation over the seeds.
#
# 1. **Training.** The rate of each rule is chosen from one list, by the error of one network on validation images. All networks of a seed start from the same weights and see the images in the same order. The rate is halved on the way, so that networks come to rest: two seeds should not differ by what their last mini-batches were.
# 2. **The baseline** is the same network with hidden layers that stay as they start. Only its output layer learns.
# 3. **Units in pictures** are those that weigh most in the layer above, in the mean of the three taught networks of the first seed. All weights share one scale of colours: white is zero, and a colour is full from the 99.5th percentile of their sizes on.
# 4. **A probe** is a ridge regression to the classes. It sees the first ten thousand training images, its ridge is chosen by the validation images, and it is scored once, on the test images. A layer of FA, of DFA or of the baseline has a **higher** or a **lower** probe error than the same layer under BP if the difference, seed by seed, is clearly so; if not, it is **equal** if the mean of the difference and twice its deviation stay within half a point, and else the question is **open**.
# 5. **The yardstick is the seed.** Each network is compared with those of all other seeds of its own rule, and with those of all other seeds of the other rule; the mean over both rules is taken. Two rules differ **beyond the seeds** if the second comparison clearly finds less in common than the first: a smaller CKA, of all or within the classes, or more images on which exactly one of two networks is wrong.
# 6. **Mistakes of another kind.** Beyond the seeds are also two rules of which one makes the mistakes of the other, only more of them. So a second number asks for the kind. Let $p(x)$ be the share of seeds that are wrong on image $x$, if there were very many: the cosine between the $p$ of two rules is one where they are proportional. It is estimated by counting the images on which two networks of different seeds are *both* wrong; the mistakes are of another kind if it is clearly below one.
# 7. **The start shows** if networks of two rules clearly have more in common when they began from the same weights than when they did not.
#
# Each network takes part in several comparisons, so the numbers of the seeds are not independent of one another, and a deviation of few of them is a rough one. A difference that is not clear is not one that is refuted.
#
# ## The experiment

# %%
from dfa_utils import Network, UniformFanIn, load_dataset
from dfa_utils.studies import features as sight

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)

# %%
from dfa_utils import SGD, HalvedEvery, Recipe, Run

start = {"weights": UniformFanIn(), "biases": UniformFanIn()}


def teach(name, rate, which):
    """Train networks under a rule, or their last layer alone."""
    optimizer = SGD(rate, HalvedEvery(decay_epochs))
    recipe = Recipe(sight.TAUGHT[name], optimizer, batch_size=batch_size)
    still = range(len(hidden_sizes)) if name == sight.UNTRAINED else ()
    run = Run(network, recipe, data, which, frozen=set(still), **start)
    return run.fit(num_epochs)


# %%
from functools import partial

from dfa_utils.chapter.selection import choose

runs = {}
for name in sight.TAUGHT:
    rate = choose(partial(teach, name, which=seeds[:1]), sgd_rates)
    runs[name] = teach(name, rate, seeds)
sight.record_networks(runs)

# %% [markdown]
# ## What we see
#
# ### Weights of the first layer
#
# Each column is one unit, each row a network. Where an input pixel is always black its weights never move, under any rule, and keep their first random values:

# %% mystnb={"image": {"alt": "Four rows of small square pictures in two colours, the weights of the same eight units of the first layer in the untrained network and under BP, FA and DFA."}, "figure": {"caption": "Live run: weights of the first layer, the same units in each row. Violet is positive, orange negative.", "name": "fig-features-weights"}}
from dfa_utils.figures import plot_images

weights = sight.first_weights(runs)
figure = plot_images(weights, data.image_shape, signed=True)

# %% [markdown]
# ### What can be read off a layer
#
# Probe errors of the live run, for the pixels and for each hidden layer:

# %%
probed = sight.record_probes(runs)

# %% [markdown]
# The last hidden layer of the first seed as [t-SNE](bp_vs_dfa.ipynb) places its test images, and the probe's error for it. The pictures see no labels; colours are added afterwards:

# %% mystnb={"image": {"alt": "Four scatter plots of test images embedded in the plane and coloured by class, from the last hidden layer under BP, FA and DFA and from that of the untrained network."}, "figure": {"caption": "Live run: the last hidden layer of four networks, and the share of test images that a linear probe of it gets wrong.", "name": "fig-features-clouds"}}
from dfa_utils.figures import embed, plot_embeddings

images = data.test_images[:tsne_samples, :]
labels = data.backend.to_host(data.test_labels)[:tsne_samples]
clouds = {}
for name, run in runs.items():
    last = data.backend.to_host(network.features(run.params, images)[-1])[0]
    clouds[f"{name}, probe {probed[name][0, -1]:.1f} %"] = embed(last)
figure = plot_embeddings(clouds, labels, data.class_names)

# %% [markdown]
# ### Mistakes
#
# These are the test images on which the rules are most divided: those that more seeds get right under one rule than under the other, by the largest difference, and of equal ones the first in the test set. Below each stands how many seeds get it right, under the rule that does better first.

# %% mystnb={"image": {"alt": "Two rows of eight handwritten digits, those that BP gets right and DFA wrong, and the other way round, each with the number of seeds that get it right under each."}, "figure": {"caption": "Live run: test images on which BP and DFA are most divided.", "name": "fig-features-mistakes"}}
wrong = sight.wrong_images(runs)
divided = sight.most_divided(wrong, list(runs), "BP", "DFA")
pixels = data.backend.to_host(data.test_images)
rows = {words: pixels[places] for words, (places, _) in divided.items()}
captions = {words: texts for words, (_, texts) in divided.items()}
figure = plot_images(rows, data.image_shape, captions)

# %% [markdown]
# ### How alike the layers are

# %%
sight.record_tables(runs, wrong)

# %% [markdown]
# STORED
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Clothes in the place of digits: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -p dataset fashion_mnist`
# - Units that are silent for part of the images: `.venv/bin/papermill notebooks/features.ipynb out.ipynb -p activation relu`
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
