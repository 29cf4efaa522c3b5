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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/scale_and_rate.ipynb)

# %% [markdown]
# # Find the hidden learning rate
#
# A sweep over feedback scale and learning rate shows what made DFA slow beside BP under plain gradient descent: its hidden layers step by the product of the two, and that was small.
#
# **The question.** [Trained beside BP](bp_vs_dfa.ipynb) for a few epochs, DFA ends far above the test error that it reaches with [the paper's own protocol](paper_protocol.ipynb), and more epochs of the same do not close the gap. What holds it back: the rule, or how it was tuned?
#
# **What you will see**
#
# - that the scale of the feedback matrices is a learning rate of the hidden layers, as long as plain SGD makes the steps;
# - a map of the test error over both, from a stored sweep, for SGD and for RMSprop;
# - smaller maps, live, of DFA and of BP, each over two choices of its own, and the two compared where validation images say that each is at its best.

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
hidden_sizes: list[int] = [400, 400, 400]  # widths of the hidden layers
feedback_scales: list[float] = [0.01, 0.1, 1.0]  # of the normal distribution
init_scales: list[float] = [0.01, 0.1, 0.3]  # of the weights under BP
sgd_rates: list[float] = [0.01, 0.1, 1.0]  # learning rates of plain SGD
rmsprop_rates: list[float] = [0.0001, 0.001]  # learning rates of RMSprop
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1]  # one network each, to choose by
many_seeds: list[int] = [2, 3, 4, 5, 6]  # of what was chosen, trained anew
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = 8000  # null is all
validation_samples: int = 5000  # the last training images, to choose by
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Write the feedback matrices of DFA as $B_l = s N_l$, where the entries of $N_l$ have standard deviation 1 and $s$ is the **feedback scale**.
# One step of plain SGD with learning rate $\eta$ is then, in the hidden layers and in the output layer,
#
# $$
# \begin{aligned}
# \Delta W_l &= -\eta\, s \; h_{l-1}^{\mathsf T} \bigl( (e N_l) \odot f'(a_l) \bigr) \\
# \Delta W_{L+1} &= -\eta \; h_L^{\mathsf T} e
# \end{aligned}
# $$
#
# In a hidden layer $\eta$ and $s$ occur as a product and nowhere else.
# So DFA under SGD has two learning rates, $\eta$ for the output layer and $\eta s$ for all others, and whoever chooses a feedback scale chooses the second.
# The weights start at zero, so the scale has no other effect.
#
# RMSprop divides each gradient by the root of its own mean square. A common factor cancels, and $s$ with it: one learning rate is left for all layers.
#
# Two predictions follow.
#
# 1. Under SGD, a smaller scale can be made up for by a larger rate, as long as the hidden layers are what is slow: the map looks the same along its diagonals.
# 2. Under RMSprop, the scale does not matter.
#
# ## The sweep
#
# The network and the data are those of [BP beside DFA](bp_vs_dfa.ipynb), all training images included.
# `dfa-sweep` ran the notebook [*Run your own*](single_run.ipynb) at each point of the grid `sweeps/scale_and_rate.yml`; the result is stored with the book.

# %%
from dfa_utils import load_dataset, record_errors
from dfa_utils.chapter import grids

stored = grids.load_grids("scale_and_rate", num_epochs=10)
maps = {name: grids.last_errors(grid) for name, grid in stored.items()}

# %% [markdown]
# Each field is the test error in percent after ten epochs, mean over three seeds and sample standard deviation.

# %% mystnb={"image": {"alt": "Two maps of the test error, feedback scale upward and learning rate to the right. Under SGD the fields form diagonal bands: from the lower left corner the error falls to a valley and then jumps to that of guessing. Under RMSprop each column has one shade from bottom to top."}, "figure": {"caption": "Test error of DFA over feedback scale and learning rate, from the stored sweep. The stronger the colour, the larger the error.", "name": "fig-error-maps"}}
from dfa_utils.figures import plot_against_product, plot_error_maps

figure = plot_error_maps({"SGD": maps["sgd"], "RMSprop": maps["rmsprop"]})

# %% [markdown]
# These runs kept no validation images. So no field may be called the best one for its test error, and none is: of the stored sweep this chapter shows all points, or such as were fixed before it ran.
#
# The first prediction can be put to a sharper test: against the product of the two, the lines of all learning rates should fall on one curve.

# %% mystnb={"image": {"alt": "Test error against feedback scale times learning rate, both logarithmic, with one line for each learning rate. All fall along one curve where the product is small; where it is large they part and rise to the error of guessing."}, "figure": {"caption": "The upper map again, against the product.", "name": "fig-product"}}
figure = plot_against_product(maps["sgd"])

# %% [markdown]
# How near to one curve? For each product that several rates make exactly, the errors with the largest of them minus those with the smallest, seed by seed, in percentage points, as far as every rate still learns:

# %%
grids.print_changes(maps["sgd"], largest=0.001)

# %% [markdown]
# The second prediction as numbers: how many percentage points the feedback scale makes to the test error under RMSprop at each learning rate, to the mean and to one seed, and for comparison the standard deviation over the seeds.

# %%
grids.record_effects("rmsprop", maps["rmsprop"])

# %% [markdown]
# ## Given more time
#
# Fifty epochs with the settings of [BP beside DFA](bp_vs_dfa.ipynb), and with one change at a time:

# %%
long = grids.load_grids("scale_and_rate", num_epochs=50)
places = {"chapter_1": (0.01, 0.01), "scale_x10": (0.1, 0.01)}
places |= {"rate_x10": (0.01, 0.1), "both_x10": (0.1, 0.1)}
longer = {name: long["sgd"][place] for name, place in places.items()}
longer["rmsprop"] = long["rmsprop"][0.1, 0.0001]

# %% mystnb={"image": {"alt": "Test error against the epoch on a logarithmic scale, one curve for each of five settings. The curve of the unchanged settings lies highest all along."}, "figure": {"caption": "Test error of DFA over fifty epochs, from the stored sweep.", "name": "fig-long-runs"}}
from dfa_utils.figures import plot_test_errors

labels = ("unchanged", "scale x 10", "rate x 10", "both x 10", "RMSprop")
figure = plot_test_errors(dict(zip(labels, longer.values(), strict=True)))

# %%
chapter.record_errors(longer)

# %% [markdown]
# ## Live, and BP beside it
#
# BP has two choices to make as well: its rate, and the scale of its initial weights, through which its errors travel. So here both rules are swept, on a part of the training images, with fewer epochs and fewer points.
#
# The last training images are kept apart: what is chosen is chosen by the errors on these **validation images**.

# %%
from dfa_utils import BP, DFA, OPTIMIZERS, Network, Normal, Recipe, Run

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes)


# %%
def train(way, scale, rate, which):
    """Train networks at one point: the scale is that of what is random."""
    name, optimizer_name = way.split()
    moves, drawn = OPTIMIZERS[optimizer_name.lower()](rate), Normal(scale)
    learning_rule = BP() if name == "BP" else DFA(drawn)
    recipe = Recipe(learning_rule, moves, batch_size=batch_size)
    weights = drawn if name == "BP" else None
    run = Run(network, recipe, data, which, weights=weights)
    kept = chapter.checkpoint(f"scale_and_rate_{way}_{scale}_{rate}_{which[0]}")
    return run.fit(num_epochs, checkpoint=kept).history


# %%
from itertools import product

axes = {"DFA SGD": (feedback_scales, sgd_rates)}
axes["DFA RMSprop"] = feedback_scales, rmsprop_rates
axes["BP SGD"] = init_scales, sgd_rates
live = {w: {p: train(w, *p, seeds) for p in product(*axes[w])} for w in axes}

# %% mystnb={"image": {"alt": "Three small maps of the validation error, one above the other, learning rate to the right: feedback scale upward for DFA under SGD and under RMSprop, scale of the initial weights upward for BP under SGD."}, "figure": {"caption": "The live maps: a part of the training images, few epochs, errors on validation images.", "name": "fig-live-maps"}}
shown = {w: grids.last_errors(live[w], "validation_error") for w in live}
scales = {"BP SGD": "initial scale"}
figure = plot_error_maps(shown, "validation error (%)", scales)

# %% [markdown]
# Of each map, `select` takes the point whose mean validation error is the lowest; it looks at nothing else.
# What the few seeds of the map say of that point is too good, since it was chosen for it. So it is trained anew with other seeds, and these errors are on the test images:

# %%
from dfa_utils.chapter.selection import select

again = {}
for way, name in zip(live, ("sgd", "rmsprop", "bp"), strict=True):
    scale, rate = select(live[way])
    print(f"{way}: scale {scale:g}, learning rate {rate:g}")
    again[name] = train(way, scale, rate, many_seeds).last("test_error")
    record_errors(f"live_best_{name}", "test_error", again[name])

# %% [markdown]
# Who is ahead? Fixed beforehand: one is ahead of another where the difference, seed by seed, is in the mean more than twice its standard deviation over the seeds.

# %% tags=["hide-input"]
from dfa_utils.chapter.verdicts import judge_order

judge_order("live", again)

# %% [markdown]
# ## What we see
#
# **The scale is a learning rate.** Where the product of scale and rate is small, the lines of the stored sweep lie close to one curve, however the product is made up.
# They do not lie on one: the differences above are small beside what the product itself makes, but where they are clear, seed by seed, the larger rate has the lower error. The output layer, which has the rate alone, makes that difference.
# The curve falls until the steps become too large. Then the networks turn erratic, and soon none of them learns; where that happens depends on the rate of the output layer too.
#
# **Under RMSprop the scale does not matter** as long as the rate is small: then the columns of the map agree to a small fraction of the spread, seed by seed. At the larger rates the scale moves the mean by less than seeds differ, and a single seed by about as much: what rounding and the small $\epsilon$ change at the start, large steps enlarge.
#
# **What held DFA back was its tuning.** The settings with which it trained beside BP lie near the lower left corner of the upper map, where the hidden layers crawl.
# Over fifty epochs, ten times the scale and ten times the rate bring nearly the same large gain. Both together bring the train error down by another large factor, near that of RMSprop, and the test error by no more than seeds differ. RMSprop at the paper's learning rate brings DFA close to the errors of [the paper's protocol](paper_protocol.ipynb).
# What makes the difference that is left, this sweep does not say: there the layers are wider, the inputs lie in another range, and training goes on until the train error is next to nothing.
#
# **BP depends on its own scale too.** The stored sweep has no run of BP, and cannot compare the rules. The live maps can, on a small scale: from the smallest initial weights of the map BP has not left guessing at the smallest rate, as DFA with the smallest feedback has not.
# With a rate and a scale of its own for each, chosen by validation images, BP is ahead of DFA after these few epochs on this part of the images. So the scales of [BP beside DFA](bp_vs_dfa.ipynb) explain how slow either was there, and not why BP leads.
# Two reservations: the grids are coarse, and DFA's point lies at the edge of its own (a command below looks beyond it); and this is a comparison of first epochs. Trained to the end, [they come close together](paper_protocol.ipynb).
#
# **Where the small run disagrees with the stored one.** Live, fields on one diagonal differ by far more than seeds do, in either direction: with so few steps the rate of the output layer counts more.
# Live, the larger of RMSprop's rates is the better one, and neither optimizer is ahead of the other; in the stored map the smaller of the two has the lower mean. What is best in a few epochs on a part of the images need not be so on all of them, so the small map is no guide for the large one.
#
# ## What to try next
#
# - The whole sweep, in a terminal after `make book`: `.venv/bin/dfa-sweep notebooks/single_run --grid-file sweeps/scale_and_rate.yml --out maps`, and then `.venv/bin/dfa-sweep summarize maps`
# - Beyond the edge of DFA's live map: `.venv/bin/papermill notebooks/scale_and_rate.ipynb out.ipynb -y "{feedback_scales: [0.3, 1.0, 3.0], sgd_rates: [0.003, 0.01, 0.03]}"`
# - Other images: `.venv/bin/papermill notebooks/scale_and_rate.ipynb out.ipynb -p dataset fashion_mnist`
#
# **Exercise.** Nøkland (2016) draws the feedback matrices from $\pm 1/\sqrt{\text{fan-out}}$. Which standard deviation is that for 400 units, and which row of the upper map is that?
#
# <details><summary>Answer</summary>
#
# A uniform distribution in $\pm b$ has standard deviation $b / \sqrt 3$, so it is $1 / \sqrt{1200}$, very near the third row from below.
# The rate matters as much: the paper sums errors over a mini-batch where this map averages them, and uses RMSprop, for which the row makes no difference.
#
# </details>
#
# **Fill in.** The same for any width: the standard deviation of numbers that are uniform in $\pm 1/\sqrt{\text{width}}$.


# %% tags=["exercise"]
def deviation(width):
    """Return the standard deviation."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

check_exercise(
    deviation,
    [((width,), 1 / np.sqrt(3 * width)) for width in (10, 400)],
    {
        "that is the bound": lambda width: 1 / np.sqrt(width),
        "that is the variance": lambda width: 1 / (3 * width),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def deviation(width):
#     return 1 / np.sqrt(3 * width)
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
# - Tieleman, Hinton (2012), *Lecture 6.5: RMSprop*, Coursera: Neural Networks for Machine Learning
#
# ## Provenance

# %% tags=["nbval-ignore-output"]
chapter.provenance()
