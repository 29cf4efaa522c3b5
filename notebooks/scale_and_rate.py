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
# A sweep over feedback scale and learning rate shows why DFA is slow beside BP under plain gradient descent: it multiplies the two, and their product was small.
#
# **The question.** [Trained beside BP](bp_vs_dfa.ipynb) for a few epochs, DFA ends far above the test error that it reaches with [the paper's own protocol](paper_protocol.ipynb), and more epochs of the same do not close the gap. What holds it back: the rule, or how it was tuned?
#
# **What you will see**
#
# - that the scale of the feedback matrices is a learning rate of the hidden layers, as long as plain SGD makes the steps;
# - a map of the test error over both, from a stored sweep, for SGD and for RMSprop;
# - a smaller map, live.

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
sgd_rates: list[float] = [0.01, 0.1, 1.0]  # learning rates of plain SGD
rmsprop_rates: list[float] = [0.0001, 0.001]  # learning rates of RMSprop
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1]  # one network each
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = 10000  # null is all
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
from dfa_utils import load_dataset, load_sweep, record, record_errors

axes = ("optimizer", "num_epochs", "feedback_scale", "learning_rate")
found = {tuple(map(p.get, axes)): h for p, h in load_sweep("scale_and_rate")}
print(f"{len(found)} runs")

# %% [markdown]
# The last test errors of the runs of ten epochs, by feedback scale and learning rate:

# %%
maps = {"sgd": {}, "rmsprop": {}}
for (name, length, *point), history in found.items():
    if length == 10:
        maps[name][tuple(point)] = history.last("test_error")

# %% [markdown]
# Each field is the test error in percent after ten epochs, mean over three seeds and sample standard deviation.

# %% mystnb={"image": {"alt": "Two maps of the test error, feedback scale upward and learning rate to the right. Under SGD the fields form diagonal bands: from the lower left corner the error falls to a valley and then jumps to that of guessing. Under RMSprop each column has one shade from bottom to top."}, "figure": {"caption": "Test error of DFA over feedback scale and learning rate, from the stored sweep. The stronger the colour, the larger the error.", "name": "fig-error-maps"}}
from dfa_utils.figures import plot_against_product, plot_error_maps

figure = plot_error_maps({"SGD": maps["sgd"], "RMSprop": maps["rmsprop"]})

# %% [markdown]
# The first prediction can be put to a sharper test: against the product of the two, the lines of all learning rates should fall on one curve.

# %% mystnb={"image": {"alt": "Test error against feedback scale times learning rate, both logarithmic, with one line for each learning rate. All fall along one curve where the product is small; where it is large they part and rise to the error of guessing."}, "figure": {"caption": "The upper map again, against the product.", "name": "fig-product"}}
figure = plot_against_product(maps["sgd"])

# %% [markdown]
# The second prediction as a number: the largest difference, in percentage points, that the feedback scale makes to the mean test error under RMSprop at any learning rate, and for comparison the largest standard deviation over the seeds.

# %%
import numpy as np

places, errors = zip(*sorted(maps["rmsprop"].items()), strict=True)
scales = len({scale for scale, _ in places})
effect = np.ptp(np.mean(errors, axis=1).reshape(scales, -1), axis=0).max()
deviation = np.std(errors, axis=1, ddof=1).max()

# %%
record("rmsprop_scale_effect", effect)
record("rmsprop_largest_deviation", deviation)
print(f"effect of the scale {effect:.2f}, of the seed {deviation:.2f}")

# %% [markdown]
# ## Given more time
#
# Fifty epochs with the settings of [BP beside DFA](bp_vs_dfa.ipynb), and with one change at a time:

# %%
long = {
    "chapter_1": found["sgd", 50, 0.01, 0.01],
    "scale_x10": found["sgd", 50, 0.1, 0.01],
    "rate_x10": found["sgd", 50, 0.01, 0.1],
    "both_x10": found["sgd", 50, 0.1, 0.1],
    "rmsprop": found["rmsprop", 50, 0.1, 0.0001],
}

# %% mystnb={"image": {"alt": "Test error against the epoch on a logarithmic scale, one curve for each of five settings. The curve of the unchanged settings lies highest all along."}, "figure": {"caption": "Test error of DFA over fifty epochs, from the stored sweep.", "name": "fig-long-runs"}}
from dfa_utils.figures import plot_test_errors

labels = ("unchanged", "scale x 10", "rate x 10", "both x 10", "RMSprop")
figure = plot_test_errors(dict(zip(labels, long.values(), strict=True)))

# %%
for name in ("chapter_1", "scale_x10", "rate_x10", "both_x10", "rmsprop"):
    record_errors(name, "test_error", long[name].last("test_error"))

# %% [markdown]
# ## Live
#
# The same on a part of the training images, with fewer epochs and fewer points.

# %%
from dfa_utils import DFA, OPTIMIZERS, Network, Normal, Recipe, Run

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes)

# %%
from itertools import product

live = {"sgd": {}, "rmsprop": {}}
for name, rates in (("sgd", sgd_rates), ("rmsprop", rmsprop_rates)):
    for scale, rate in product(feedback_scales, rates):
        learning_rule, steps = DFA(Normal(scale)), OPTIMIZERS[name](rate)
        recipe = Recipe(learning_rule, steps, batch_size=batch_size)
        kept = chapter.checkpoint(f"scale_and_rate_{name}_{rate}_{scale}")
        run = Run(network, recipe, data, seeds)
        run.fit(num_epochs, checkpoint=kept)
        live[name][scale, rate] = run.history.last("test_error")

# %% mystnb={"image": {"alt": "Two small maps of the test error, one above the other, feedback scale upward and learning rate to the right, for SGD and for RMSprop."}, "figure": {"caption": "The live maps: a part of the training images, few epochs.", "name": "fig-live-maps"}}
figure = plot_error_maps({"SGD": live["sgd"], "RMSprop": live["rmsprop"]})

# %%
for name in ("sgd", "rmsprop"):
    best = min(live[name], key=lambda point: np.mean(live[name][point]))
    print("best of {}: scale {:g}, learning rate {:g}".format(name, *best))
    record_errors(f"live_best_{name}", "test_error", live[name][best])

# %% [markdown]
# ## What we see
#
# **The scale is a learning rate.** Where the product of scale and rate is small, the lines of the stored sweep lie on one curve within the spread over the seeds: a rate thirty times larger with a scale thirty times smaller ends at the same error.
# The curve falls until the steps become too large. Then the networks turn erratic, and soon none of them learns; where that happens depends on the rate of the output layer too.
#
# **Under RMSprop the scale does not matter.** At the smaller rates the columns of the map agree to a small fraction of the spread. At the larger ones they differ by as much as seeds do: what rounding changes at the start, large steps enlarge.
#
# **So it was the tuning.** The settings with which DFA trained beside BP lie near the lower left corner of the upper map, where the hidden layers crawl.
# Over fifty epochs, ten times the scale and ten times the rate bring nearly the same large gain, both together bring the train error near zero, and RMSprop at the paper's learning rate brings DFA close to the errors of [the paper's protocol](paper_protocol.ipynb).
# What is left between the two this sweep does not separate: there the layers are wider, the inputs lie in another range, and training goes on until the train error is next to nothing.
#
# A fair comparison of BP and DFA under plain SGD would therefore have to tune both learning rates of DFA. The one that this book begins with does not, and its distance between the rules says as much about a scale as about them.
#
# ## What to try next
#
# - The whole sweep, in a terminal after `make test`: `.venv/bin/dfa-sweep notebooks/single_run --grid-file sweeps/scale_and_rate.yml --out maps`, and then `.venv/bin/dfa-sweep summarize maps`
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
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
# - Tieleman, Hinton (2012), *Lecture 6.5: RMSprop*, Coursera: Neural Networks for Machine Learning
#
# ## Provenance

# %% tags=["nbval-ignore-output"]
chapter.provenance()
