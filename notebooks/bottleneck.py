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
# Let the matrix $Q_l$ have a row for each image: what the rule sends layer $l$ before the factor $f'(a_l)$ of that layer. Likewise the output errors of all images are the rows of $E$, and their pre-activations those of $A_l$.
# For DFA and for BP (and FA, with $B_{l+1}$ in the place of $W_{l+1}^{\mathsf T}$) these are
#
# $$
# Q_l^{\mathrm{DFA}} = E\, B_l, \qquad
# Q_l^{\mathrm{BP}} = \bigl( Q_{l+1} \odot f'(A_{l+1}) \bigr)\, W_{l+1}^{\mathsf T} .
# $$
#
# The **rank** of a product is at most that of each factor. The output errors $E$ have $C$ columns, one for each class, so
#
# - under DFA a layer hears at most $C$ directions, however wide it is and whatever lies between; with softmax outputs $C - 1$, since there the errors of an image sum to zero;
# - under BP and FA a layer hears at most as many directions as the layer *above* it has units. That may be more than $C$: the slopes $f'$ differ from image to image, and multiplying by them creates new directions on the way down. A narrow layer is a waist through which they must all go.
#
# How many directions count? Of the singular values $s_i$ of $Q_l$ we take the **participation ratio**
#
# $$
# R = \frac{\bigl( \sum_i s_i^2 \bigr)^2}{\sum_i s_i^4},
# $$
#
# which is the rank where all directions are equally strong, and less otherwise. This is the measurement, whole:

# %%
from dfa_utils import alignment, load_dataset

chapter.show(alignment.participation_ratio)

# %% [markdown]
# ### What a narrow layer allows
#
# Take a linear network in which one layer has $k$ units, fewer than there are classes, and $B_l$ with orthogonal rows of equal length, for a layer beneath it.
# DFA sends a rotated picture of the whole error $e$. The gradient is what has come through $k$ units, so it lies in $k$ directions. The closest that it can come is the part of $e$ in the best $k$ directions, and with $\sigma_i$ the singular values of the matrix of errors, each row scaled to length one, the mean over the images of the cosine of the angle $\alpha$ obeys
#
# $$
# \overline{\cos \alpha} \;\le\; \sqrt{ \sum_{i \le k} \sigma_i^2 \Big/ \sum_i \sigma_i^2 } .
# $$
#
# The networks below are not linear, and nothing binds their cosines to it. But it says what to expect beneath a narrow layer: DFA cannot align well there, and no training changes that. FA could: what it sends has come through as few units.

# %%
chapter.show(alignment.closest_angles)

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
# The live runs on this page are short. The verdicts come from a stored run of this notebook, with all training images. The rules were fixed before it, when short runs like the live ones had been seen:
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
# Every network is trained by [the paper's protocol](paper_protocol.ipynb) for a few epochs, each rule from its usual start: BP from random weights, FA and DFA from zero. In deep networks BP gets a second start besides, with weights larger by a factor of $\sqrt 3$, that is of variance $1 / \text{fan-in}$: the usual ones shrink what goes through them at every layer, and that is no fault of the rule.

# %%
from dfa_utils import BP, DFA, FA, Network, Recipe, RMSprop, Run

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)


def begin(kind, shapes, **start):
    """Return networks that have not been trained, by the words for their shapes."""
    recipe = Recipe(kind, RMSprop(learning_rate), reduction="sum")
    networks = {n: Network.between(data, shapes[n]) for n in shapes}
    return {n: Run(networks[n], recipe, data, seeds, **start) for n in shapes}


# %%
from dfa_utils import UniformFanIn, record

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
from dfa_utils.chapter import verdicts
from dfa_utils.studies import variations

follow = {"angle": alignment.error_angles, "rank": alignment.effective_ranks}
follow["limit"] = alignment.closest_angles
ends = variations.train_each(runs, num_epochs, follow, chapter, "bottleneck")
record("ends", ends)

# %% mystnb={"image": {"alt": "Four small panels, one for each layer, with the effective rank of what the layer is sent against the width of the second layer, and a line each for BP, FA, DFA and DFA where few units learn. In the first layer BP and FA begin at one and rise with the width, while DFA is flat. In the second all begin at one and rise. In the third and fourth the lines are nearly flat."}, "figure": {"caption": "Live run: effective rank of what each layer is sent, against the width of the second layer or, where few units learn, their number. Layer 4 is the output.", "name": "fig-bottleneck-live-ranks"}}
from dfa_utils.figures import plot_variations

heard = variations.by_layer(ends["narrow"], "rank")
figure = plot_variations(heard, "effective rank", logarithmic=False)

# %% [markdown]
# ## What we see
#
# The stored run was given, in the place of the numbers above:

# %%
stored = verdicts.StoredRun("bottleneck/mnist")
stored.show_parameters(chapter.parameters)

# %% [markdown]
# ### What gets through
#
# The effective rank of what each layer is sent, against the width of the second layer:

# %% mystnb={"image": {"alt": "Four small panels, one for each layer, of the effective rank against the width of the second layer. In layer 1 the lines of BP and FA start at one and rise, FA's the highest in the end, while those of DFA lie high and flat. In layer 2 all start at one and rise. In layers 3 and 4 they are nearly flat, but for BP at the narrowest."}, "figure": {"caption": "Stored run: effective rank of what each layer is sent, against the width of the second layer or, where few units learn, their number. Layer 4 is the output.", "name": "fig-bottleneck-ranks"}}
past = stored.records["ends"]
heard = variations.by_layer(past["narrow"], "rank")
figure = plot_variations(heard, "effective rank", logarithmic=False)

# %% [markdown]
# ### What aligns

# %% mystnb={"image": {"alt": "Three small panels, one for each layer, of the angle against the width of the second layer. BP is at zero. In layer 1 DFA falls from close to a right angle to less than half of one, above the line of the limit, which falls to zero; FA varies less; the line for few learning units is low and nearly flat. In layer 2 that line is by far the widest; FA and DFA fall from above half a right angle. In layer 3 DFA and FA fall together."}, "figure": {"caption": "Stored run: alignment angles, against the width of the second layer, or where few units learn, against their number. The limit is that of a linear network.", "name": "fig-bottleneck-angles"}}
angles = variations.by_layer(past["narrow"], "angle")
angles["layer 1"]["limit"] = variations.limits_of(past["narrow"]["DFA"])
figure = plot_variations(angles, "degrees", logarithmic=False)

# %% [markdown]
# ### What it costs

# %% mystnb={"image": {"alt": "Two panels of the test error on a logarithmic scale. Against the width of the second layer the lines of BP, FA and DFA fall together from a great height, BP the lowest in the end, while that for few learning units is low and flat. Against the number of hidden layers BP from its usual start rises the highest, then FA, then DFA, while BP from the larger start stays the lowest."}, "figure": {"caption": "Stored run: test error against the width of the second layer or, where few units learn, their number, and against the number of hidden layers.", "name": "fig-bottleneck-errors"}}
errors = variations.errors_of(past)
figure = plot_variations(errors, "test error (%)", columns=1)

# %% [markdown]
# The verdicts. Where one is on differences, a line for each width has their mean and standard deviation over the seeds, in degrees or, for what it costs, in percentage points:

# %% tags=["hide-input"]
variations.judge_narrow(past["narrow"], classes=data.num_classes)

# %% [markdown]
# **Few directions.** The bounds hold, as they must. Beneath a narrow layer BP and FA hear as many directions as it has units, or fewer; DFA hears about as many as ever. With the layer at its widest, FA hears more directions than there are classes: what the slopes add on the way. More directions are not more knowledge of the error: its test error there is not below that of DFA.
#
# **Narrow layers keep DFA from aligning**, beneath them as in them, when it is compared with itself; that FA aligns better there, the other half of our rule, does not hold. Beneath, the angle goes from less than half a right angle to nearly a whole one as the layer becomes narrow, and stays above the limit of a linear network all along. Most of the way down is behind it once the layer has more units than there are classes. FA's angle is narrower there in the mean, but its seeds differ so widely that this is clear at neither width.
#
# The layer *above* the narrow one loses its alignment as well, under FA as under DFA. Nothing narrow lies between it and the output, so this is not the error that does not get through. A likely reason, not measured here: what comes in is a few numbers, and what it makes of them has too few directions for the weights above to fit the feedback in all of its own.
#
# **In the other reading little of it is left.** Where the layer has all its units and only some of them learn, the angle beneath is wider with few of them, clearly so, but by a small part of what a narrow layer does. The test error suffers as little. What a narrow layer lacks in these networks is not the freedom to learn but room for what goes through it. In the second layer itself, the wide angles with few learning units come from the units that do not learn, which are sent zeros.
#
# **What it costs** is for the most part no matter of feedback. A layer of one unit or three ruins the test error under every rule, BP included, for the images have to go through it too. Whether DFA pays more than BP on top of that: with three of the four widths clearly so, with one not, where the seeds differ too much to say. The claim as it was put before does not hold, then, though all means point its way. DFA's own way past the narrow layer brings it no advantage at any of these widths.
#
# ### Deep networks

# %% tags=["hide-input"]
variations.judge_learning(past["deep"])

# %% mystnb={"image": {"alt": "One panel of the effective rank against the layer, in the deepest networks. DFA lies high and flat. BP from its usual start is at one in nearly all layers and rises at the end; from the larger start it lies in between. FA rises slowly from the first layer on, and above DFA before the last ones."}, "figure": {"caption": "Stored run: effective rank of what each layer of the deepest networks is sent.", "name": "fig-bottleneck-deep-ranks"}}
deepest = {"deepest": variations.profiles_of(past["deep"], "rank")}
options = {"columns": 1, "logarithmic": False}
figure = plot_variations(deepest, "effective rank", **options)

# %% [markdown]
# **Depth.** From the usual start BP does not learn in the deepest networks in these few epochs; FA does, poorly, and DFA well, if not as well as with few layers. Nøkland (2016) says of far deeper networks that with so simple a start only DFA trains them, and this is on the way there.
#
# It is a statement about the start. With weights larger by a constant factor BP learns at every depth, and ends ahead of DFA at each of them. The effective rank goes with it: from the usual start, what BP sends to nearly all layers has one direction left, while with larger weights it keeps several. As it is measured at the end, this may be the cause of the failure or only its mark. That of DFA is nearly the same in all layers.
#
# And yet the angles of DFA, which the run has recorded and which are not drawn here, come close to right angles in the lower layers of the deepest networks. Whether these layers contribute anything, or the upper ones do the work and the lower ones pass the image on, this run cannot say: it has no network whose lower layers stay as they were.
#
# **In sum.** DFA sends all of the error to every layer, past narrow ones and past many, and each layer hears of it what its own units can hold. What gets lost is the other half: what a layer hears has to agree with what its changes do to the output, and through a narrow layer, or through many, it agrees less. The angle alone does not say who is ahead: in the deepest networks that of FA is narrower than that of DFA in every layer, in the mean, and its error is far higher.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Wider layers around the narrow one: `.venv/bin/papermill notebooks/bottleneck.ipynb out.ipynb -p wide_width 300`
# - Other images: `.venv/bin/papermill notebooks/bottleneck.ipynb out.ipynb -p dataset fashion_mnist`
# - The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/bottleneck.py long.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook long.ipynb bottleneck/mnist
# ```
#
# **Fill in.** The participation ratio of a matrix, from its singular values:


# %% tags=["exercise"]
def effective_rank(matrix):
    """Return the participation ratio of a matrix, a number."""
    ...  # np.linalg.svd(matrix, compute_uv=False) are the singular values


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise


def ratio(power):
    """Return the ratio with another power of the singular values."""
    return lambda matrix: (
        np.sum(np.linalg.svd(matrix)[1] ** power) ** 2
        / np.sum(np.linalg.svd(matrix)[1] ** (2 * power))
    )


equal, uneven = np.eye(4)[:, :3], np.diag([2.0, 1.0, 0.0])
wrong = {"the singular values are to be squared first": ratio(1)}
wrong["that is the rank"] = np.linalg.matrix_rank
check_exercise(effective_rank, [((equal,), 3.0), ((uneven,), 25 / 17)], wrong)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def effective_rank(matrix):
#     squares = np.linalg.svd(matrix, compute_uv=False) ** 2
#     return np.sum(squares) ** 2 / np.sum(squares**2)
# ```
#
# Equal singular values count one each; the uneven ones count less than the two that there are.
#
# </details>
#
# **Fill in.** How many directions can a layer hear at most, before its own slope? `widths` are those of the hidden layers, and `layer` counts them from 0.


# %% tags=["exercise"]
def most_directions(rule, widths, layer, classes):
    """Return the bound on the rank of what a layer is sent."""
    ...  # rule is "BP", "FA" or "DFA"


# %% tags=["hide-input", "exercise-check"]
from dfa_utils import check_exercise

waist = [20, 3, 20]
cases = [(("BP", waist, 0, 10), 3), (("DFA", waist, 0, 10), 10)]
cases += [(("BP", waist, 1, 10), 3), (("FA", waist, 2, 10), 10)]
cases += [(("BP", [20, 30], 0, 10), 20), (("DFA", [20, 3], 1, 10), 3)]
wrong = {
    "DFA does not go through the layers above": lambda rule, w, k, c: min(
        [*w, c][k : k + 2]
    ),
    "no rule can send more directions than the layer has units": (
        lambda rule, w, k, c: c if rule == "DFA" else [*w, c][k + 1]
    ),
}
check_exercise(most_directions, cases, wrong)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def most_directions(rule, widths, layer, classes):
#     above = classes if rule == "DFA" else [*widths, classes][layer + 1]
#     return min(widths[layer], above)
# ```
#
# Under BP and FA only the layer just above counts, not the narrowest of all above: between them the slopes make new directions.
#
# </details>
#
# ## Further reading
#
# - Launay, Poli, Krzakala (2019), *Principled training of neural networks with direct feedback alignment*, [arXiv:1906.04554](https://arxiv.org/abs/1906.04554), and [its code](https://github.com/lightonai/principled-dfa-training)
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
