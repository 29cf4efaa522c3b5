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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/bottleneck.ipynb)

# %% [markdown]
# # Send the error past a narrow layer
#
# Networks with one narrow layer, and deep ones, under three rules: what of the error gets to the layers beneath, in how many directions, and what that costs.
#
# **The question.** BP and FA hand the error down from layer to layer, so it has to fit through the narrowest one. DFA sends it past. Is that an advantage, or does a narrow layer keep DFA from aligning?
#
# **What you will see**
#
# - test error, angles and the number of directions that a layer hears, against the width of one layer;
# - a claim about narrow layers put to the test, in two readings of "narrow";
# - the same for networks of one to twenty hidden layers.

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
wide_width: int = 100  # of the layers below and above the narrow one
narrow_widths: list[int] = [1, 3, 10, 30, 100]  # of the layer between them
deep_width: int = 50  # of each layer in deep networks
depths: list[int] = [1, 3, 10, 20]  # hidden layers of deep networks
learning_rate: float = 0.001  # of RMSprop
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
# Let $D_l$ have a row for each image: what the rule sends layer $l$ before the factor $f'(a_l)$ of that layer.
# For DFA and for BP (and FA, with $B_{l+1}$ in the place of $W_{l+1}^{\mathsf T}$) these are
#
# $$
# D_l^{\mathrm{DFA}} = E\, B_l, \qquad
# D_l^{\mathrm{BP}} = \bigl( D_{l+1} \odot f'(A_{l+1}) \bigr)\, W_{l+1}^{\mathsf T} .
# $$
#
# The **rank** of a product is at most that of each factor. The output errors $E$ have $C$ columns, one for each class, so
#
# - under DFA a layer hears at most $C$ directions, however wide it is and whatever lies between; with softmax outputs $C - 1$, since there the errors of an image sum to zero;
# - under BP and FA a layer hears at most as many directions as the layer *above* it has units. That may be more than $C$: the slopes $f'$ differ from image to image, and multiplying by them creates new directions on the way down. A narrow layer is a waist through which they must all go.
#
# How many directions count? Of the singular values $s_i$ of $D_l$ we take the **participation ratio**
#
# $$
# R = \frac{\bigl( \sum_i s_i^2 \bigr)^2}{\sum_i s_i^4},
# $$
#
# which is the rank where all directions are equally strong, and less otherwise. This is the measurement, whole:

# %%
from dfa_utils import Network, error_angles, load_dataset
from dfa_utils.alignment import effective_ranks, participation_ratio

chapter.show(participation_ratio)

# %% [markdown]
# ### What a narrow layer allows
#
# Take a linear network in which one layer has $k$ units, fewer than there are classes, and $B_l$ with orthogonal rows of equal length, for a layer beneath it.
# DFA sends a rotated picture of the whole error $e$. The gradient is what has come through $k$ units, so it lies in $k$ directions. The closest that it can come is the part of $e$ in the best $k$ directions, and with $\sigma_i$ the singular values of the matrix of errors, each row scaled to length one,
#
# $$
# \overline{\cos \alpha} \;\le\; \sqrt{ \sum_{i \le k} \sigma_i^2 \Big/ \sum_i \sigma_i^2 } .
# $$
#
# The mean cosine of these networks, which are not linear, is not bound by it. But it says what to expect: beneath a narrow layer DFA *cannot* align, and no training changes that. FA can: its error has gone through as few directions.

# %%
from dfa_utils.alignment import closest_angles

chapter.show(closest_angles)

# %% [markdown]
# ### The claim
#
# Launay, Poli and Krzakala (2019) describe a bottleneck effect: narrow layers keep DFA from aligning.
# In the code that they have released, all layers have the same number of units. What is narrow there is what may be learned: a random share of the second layer's gradient is set to zero, the same entries all along.
# These are two different things, and both are run. The second, in a form that is like theirs but not the same: of the second layer only the first $k$ *units* learn, from random weights, and the others stay as they are.

# %%
from dfa_utils import rules_feedback as carry

chapter.show(carry.PartialDFA.send)

# %% [markdown]
# ### How it is judged
#
# The live runs on this page are short. The verdicts come from a stored run of this notebook, with all training images, and were fixed before it:
#
# - a difference counts if its mean over the seeds is **clearly** above zero, by more than twice its standard deviation over the seeds;
# - **few directions:** beneath the narrow layer no effective rank under BP or FA is above the width of that layer, and under DFA none is above the number of classes;
# - **no alignment beneath:** under DFA, for each width below the number of classes, the angle of the layer beneath is clearly wider than with the widest layer; and for the same widths it is clearly wider than under FA;
# - **no alignment in the narrow layer:** the same for the angle of the narrow layer itself;
# - **few learn:** where few units of a wide layer learn, the angle of the layer beneath is clearly wider than where all do;
# - **it costs DFA more:** DFA's error minus BP's is clearly larger with a narrow layer than with the widest one;
# - a deep network **learns** if its test error is below 50 % with every seed.
#
# ## The experiment
#
# Every network is trained by [the paper's protocol](paper_protocol.ipynb), each rule from its usual start: BP from random weights, FA and DFA from zero.

# %%
from dfa_utils import BP, DFA, FA, Recipe, RMSprop, Run, UniformFanIn, record

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)


def begin(kind, shapes, **start):
    """Return networks that have not been trained, by the words for their shapes."""
    recipe = Recipe(kind, RMSprop(learning_rate), reduction="sum")
    networks = {n: Network.between(data, shapes[n]) for n in shapes}
    return {n: Run(networks[n], recipe, data, seeds, **start) for n in shapes}


# %%
kinds = {"BP": BP(), "FA": FA(), "DFA": DFA()}
waists = {f"{k}": [wide_width, k, wide_width] for k in narrow_widths}
towers = {f"{n}": [deep_width] * n for n in depths}
narrow = {name: begin(kind, waists) for name, kind in kinds.items()}
tall = {name: begin(kind, towers) for name, kind in kinds.items()}
start, free = {"weights": UniformFanIn(), "biases": UniformFanIn()}, {}
for k in narrow_widths:
    partial = carry.PartialDFA(units=k)
    free |= begin(partial, {f"{k}": [wide_width] * 3}, **start)
start = {"weights": UniformFanIn(3**0.5)}
runs = {"narrow": narrow | {"few learn": free}, "deep": tall}
runs["deep"]["BP, larger start"] = begin(BP(), towers, **start)

# %%
from dfa_utils.chapter import variations

follow = {"angle": error_angles, "rank": effective_ranks}
follow["limit"] = closest_angles
ends = variations.train_each(runs, num_epochs, follow, chapter, "bottleneck")
record("ends", ends)

# %% mystnb={"image": {"alt": "Three small panels, one for each layer, with the effective rank of what the layer is sent against the width of the second layer, and a line each for BP, FA and DFA. In the first layer BP and FA begin at one and rise with the width, while DFA is flat."}, "figure": {"caption": "Live run: effective rank of what each layer is sent, against the width of the second layer.", "name": "fig-bottleneck-live-ranks"}}
from dfa_utils.figures import plot_variations

ranks = variations.by_layer({n: ends["narrow"][n] for n in kinds}, "rank")
figure = plot_variations(ranks, "effective rank", logarithmic=False)

# %% [markdown]
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
