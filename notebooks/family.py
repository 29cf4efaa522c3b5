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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/family.ipynb)

# %% [markdown]
# # Meet the family
#
# Fifteen ways to tell a hidden layer what to change, from back-propagation to none at all, are trained on the same networks and judged twice: by the errors that they reach, and by the gradients that they send.
#
# **The question.** Rules differ in what a layer must be told: the weights above it, their signs, an error, a target, one number. What is each of these worth?
#
# **What you will see**
#
# - test errors of all rules, each with a learning rate of its own, chosen by validation images;
# - for each, how far its mean gradient points from the true one, and how much single ones vary;
# - that the two are different faults: one rule has no bias at all, and is still among the slowest.

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
hidden_sizes: list[int] = [100, 100]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
sgd_rates: list[float] = [0.01, 0.03, 0.1, 0.3, 1.0]  # to choose from
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 4  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 4000  # null is all
validation_samples: int = 2000  # the last training images, to choose by
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# All rules of this book share one loop. A rule says which error $\delta_l$ each layer is sent, and the layer then steps against $h_{l-1}^{\mathsf T} \delta_l$. With $e$ the output error and $\odot f'(a_l)$ understood, the family is this:
#
# | rule | what layer $l$ is sent | where it is from |
# | --- | --- | --- |
# | **BP** | $\delta_{l+1} W_{l+1}^{\mathsf T}$ | Rumelhart et al. (1986) |
# | **KP** | $\delta_{l+1} B_{l+1}$, and $B$ takes the steps of $W^{\mathsf T}$ | Akrout et al. (2019), after Kolen, Pollack (1994) |
# | **WM** | $\delta_{l+1} B_{l+1}$, and $B$ learns from noise sent through $W$ | Akrout et al. (2019) |
# | **SS** | $\delta_{l+1} (M_{l+1} \odot \operatorname{sign} W_{l+1}^{\mathsf T})$, all magnitudes $M$ the same | Liao et al. (2016) |
# | **SS fixed**, **SS anew** | the same, $M$ random and fixed, or drawn for each mini-batch | Moskovitz et al. (2018) |
# | **FA** | $\delta_{l+1} B_{l+1}$ | Lillicrap et al. (2016) |
# | **DFA** | $e\, B_l$ | Nøkland (2016) |
# | **shared** | $e\, B$, one matrix for all layers | Nøkland (2016) |
# | **DKP** | $e\, B_l$, and $B_l$ descends along $e^{\mathsf T} h_l$ | Webster et al. (2021) |
# | **sDFA** | $\operatorname{sign}(e)\, B_l$ | Frenkel et al. (2021) |
# | **DRTP** | $-y\, B_l$: targets alone | Frenkel et al. (2021) |
# | **IFA** | the first layer $e\, B$, the others $\delta_{l-1} W_l$ | Nøkland (2016) |
# | **NP** | what its own noise $\xi_l$ does to the loss, $\Delta L\, \xi_l / \sigma^2$ | Werfel et al. (2005) |
# | **last layer** | nothing: hidden layers stay random | the baseline |
#
# The last row is what keeps the others honest. Hidden layers at random values and an output layer that learns are a good classifier already, and a rule is worth what it adds to that.
#
# Two rules that belong here by their aim are named only: PEPITA (Dellaferrera, Kreiman 2022) and forward-forward (Hinton 2022). They send no error to any layer. A second forward pass, with another input, takes the place of the way back, so they are not a choice of $\delta_l$ in this loop.
#
# Two of the classes, whole:

# %%
from dfa_utils import NodePerturbation, SignSymmetry

chapter.show(SignSymmetry.send, NodePerturbation.send)

# %% [markdown]
# ### Two faults of a gradient
#
# Let $g$ be what a rule makes of one mini-batch, for all weights of the hidden layers as one vector, and $g^{\mathrm{BP}}$ the true gradient.
#
# - **Bias**: the cosine between the *means* of $g$ and of $g^{\mathrm{BP}}$, over 40 mini-batches of the training images. Where it is 1, the rule is right on average.
# - **Variance**: $\mathbb{E} \lVert g - \bar g \rVert^2 / \lVert \bar g \rVert^2$, over the same mini-batches and the rule's own noise. BP has some too, for mini-batches differ; so it is divided by that of BP on the same network.
#
# For the two rules that draw random numbers, each mini-batch is looked at twenty times; and as the mean of a few noisy vectors is too long, the share of the noise in its squared length, as the draws themselves estimate it, is subtracted.
# Both are measured on the networks that the rule itself has trained, after the last epoch.

# %%
from dfa_utils.alignment import bias_and_variance

chapter.show(bias_and_variance)

# %% [markdown]
# ### What is fixed before any number is seen
#
# 1. **The rate of each rule** is chosen from the same list, by the error of one network on validation images after the last epoch; test images play no part in it. A rate at which the loss overflows is out.
# 2. All rules start from the same random weights in $\pm 1/\sqrt{\text{fan-in}}$ and see the images in the same order.
# 3. **A rule is better than another**, or a number above another, if the difference, seed by seed, is in the mean more than twice its deviation over the seeds.
# 4. **A rule is called unbiased** if its cosine is within 0.02 of 1 in the mean over the seeds, and within 0.1 for each of them.
#
# ## The experiment

# %%
from dfa_utils.chapter import family as kin

family = kin.everyone()

# %%
from dfa_utils import SGD, Network, Recipe, Run, UniformFanIn, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)
start = {"weights": UniformFanIn(), "biases": UniformFanIn()}


def fit(name, rate, which, **options):
    """Train networks under a rule of the family."""
    recipe = Recipe(family[name], SGD(rate), batch_size=batch_size)
    still = range(len(hidden_sizes)) if name == kin.ALONE else ()
    run = Run(network, recipe, data, which, frozen=set(still), **start)
    kept = chapter.checkpoint(f"family_{name}_{rate}_{len(which)}")
    return run.fit(num_epochs, checkpoint=kept, **options)


# %%
from functools import partial

from dfa_utils.chapter.selection import choose

rates = {n: choose(partial(fit, n, which=seeds[:1]), sgd_rates) for n in family}

# %%
from dfa_utils import error_angles, record

runs, table = {}, {}
for name, rate in rates.items():
    runs[name] = fit(name, rate, seeds, measure={"angle": error_angles})
    table[name] = kin.judge_run(name, runs[name])
record("family", table)

# %% [markdown]
# How long a step takes depends on the machine and on what else it does, so it is measured anew each time and shown with the provenance at the end of the page: the median over five rounds, in each of which all rules train for one epoch of 20 mini-batches in turn, of the processor's seconds for a rule divided by those for BP in that round.

# %%
from dfa_utils.chapter.timing import relative_seconds

chapter.timings |= relative_seconds(runs)

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
