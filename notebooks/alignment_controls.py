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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/alignment_controls.ipynb)

# %% [markdown]
# # Put the angles to the test
#
# Two networks learn the digits of MNIST through random feedback, and each alignment angle is held against what chance, small errors and frozen layers would give.
#
# **The question.** An angle below ninety degrees looks like success. What else could make it so, and what is it worth?
#
# **What you will see**
#
# - the errors of single images turning, epoch by epoch, towards those of back-propagation;
# - four controls: feedback that the network never met, the matrices beside the weights, the size of the true error, and hidden layers that learn nothing;
# - a wide network and a deep one, for which the answers differ.
#
# [The chapter before](alignment.ipynb) has the definition of the angle. The controls stand here.

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
hidden_sizes: list[int] = [100, 100]  # of the wide network
deep_hidden_sizes: list[int] = [50, 50, 50, 50, 50, 50, 50]  # of the deep one
learning_rate: float = 0.001  # of RMSprop
num_epochs: int = 8  # passes over the training set
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
# An alignment angle compares two errors for the same image, in the same network: what the rule sends a hidden layer, and what back-propagation (BP) would send it.
# By itself it says little. Four controls give it a meaning:
#
# 1. **Chance.** What is the angle of feedback that the network has never met? A fresh matrix $B$ is as probable as $-B$, and with $-B$ every cosine changes its sign. So the mean cosine is zero, in any network, and the angle of one draw scatters around ninety degrees. How far it scatters is measured.
# 2. **Weights.** The forward weights are what has moved. The **weight angle** compares the feedback matrix, as one long vector, with what the weights above the layer would send back: under feedback alignment (FA) $W_{l+1}^{\mathsf T}$, the layer above transposed; under direct feedback alignment (DFA) the product $W_L^{\mathsf T} \cdots W_{l+1}^{\mathsf T}$ of all layers above. A rule says itself what its matrices aim at.
# 3. **Size.** A direction means something only where there is something to point at. How large is BP's own error at each layer, beside the error at the output?
# 4. **Depth.** A network whose hidden layers stay random can still learn by its output layer alone. What have the hidden layers gained by being sent anything?

# %%
from dfa_utils import DFA, FA, alignment

chapter.show(FA.aims, DFA.aims, alignment.weight_angles)
chapter.show(alignment.fresh_feedback, alignment.null_angles)

# %% [markdown]
# ## The rules, before the numbers
#
# The runs on this page are short. The verdicts further down come from a stored run of this very notebook: all training images, and the networks and the learning rate of [the paper's table](paper_table.ipynb).
# These rules were written after a look at the short runs, and before the stored run:
#
# - **chance is a right angle** if in each layer the mean over all fresh draws is within three standard errors of ninety degrees;
# - a layer **is aligned** if in every seed its angle is below those of all twenty fresh draws for that seed. Chance alone would give that to one seed in twenty-one;
# - of two angles one is **smaller** if the difference, seed by seed, is clearly above zero: its mean is more than twice its standard deviation;
# - the true error **counts** at a layer if in every seed it is at least a hundredth of the output's;
# - depth **is worth something** if the test error is clearly below that of the network whose hidden layers stay random, after the same number of epochs.
#
# A rule holds for a network if it does in all of its layers; in how many it does is said beside it.

# %%
from dfa_utils.chapter import verdicts

chapter.show(verdicts.beside_chance, verdicts.clearly)

# %% [markdown]
# ## The experiment
#
# A wide network of two hidden layers and a deep one of seven learn under BP, FA and DFA, each from where its rule usually starts: BP from random weights, FA and DFA from zero.
# [The paper's protocol](paper_protocol.ipynb) is kept but for the number of epochs: tanh units, RMSprop, errors summed over the mini-batch.
# All angles and sizes are those of the same test images, the first two thousand.

# %%
from dfa_utils import Network, Recipe, RMSprop, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
some = data.test_images[:2000, :], data.test_targets[:2000, :]

# %%
from functools import partial

from dfa_utils import BP, Run, error_angles, record
from dfa_utils.chapter.records import record_run

on_some, runs = partial(partial, images=some), {}
angles = {"angle": on_some(error_angles), "weight": alignment.weight_angles}
sizes = {"size": on_some(alignment.error_sizes)}
follow = sizes | angles | {"share": on_some(alignment.angle_shares)}


def fit(name, learning_rule, hidden, measure, frozen=()):
    """Train a network, and record its errors and what was measured."""
    recipe = Recipe(learning_rule, RMSprop(learning_rate), reduction="sum")
    network = Network.between(data, hidden)
    run = runs[name] = Run(network, recipe, data, seeds, frozen=frozen)
    kept = chapter.checkpoint(f"alignment_controls_{name}")
    run.fit(num_epochs, measure=measure, checkpoint=kept)
    record_run(run, name)


# %% [markdown]
# Each network also learns with its hidden layers frozen, as the control of depth. They are drawn as BP's are: from zero, they would hand on nothing.

# %%
forms = {"wide": hidden_sizes, "deep": deep_hidden_sizes}
for form, hidden in forms.items():
    fit(f"{form}_bp", BP(), hidden, sizes)
    fit(f"{form}_fa", FA(), hidden, follow)
    fit(f"{form}_dfa", DFA(), hidden, follow)
    fit(f"{form}_frozen", BP(), hidden, {}, set(range(len(hidden))))

# %% [markdown]
# After the last epoch, fresh matrices take the place of those that the networks trained with, twenty times:

# %%
pairs = [(form, rule) for form in forms for rule in ("fa", "dfa")]
names = {f"{rule.upper()}, {form}": f"{form}_{rule}" for form, rule in pairs}
for name in names.values():
    for kind, measure in angles.items():
        null = alignment.null_angles(runs[name], measure)
        record(f"{name}_{kind}_null_curve", null)

# %% [markdown]
# ## What we see
#
# ### Errors turn
#
# Of the deep network under DFA, live, the mean over the seeds. Each half-disc is a layer at the end of an epoch, and each wedge the share of the test images whose sent error makes that angle with BP's: to the right is BP's direction, upwards a right angle.
# At the start all weights are zero, so there is no error of BP to turn to, and the first row comes after the first epoch.

# %% mystnb={"image": {"alt": "A grid of half-discs, a row for each of three epochs and a column for three layers of the deep network. In the first row the wedges lie on both sides of upright, spread widely; further down they lean to the right, towards the direction of BP, and most of those of the last layer have turned."}, "figure": {"caption": "Angles between what DFA sends an image and what BP would, image by image.", "name": "fig-alignment-controls-turn"}}
from dfa_utils.figures import plot_turn

figure = plot_turn(runs["deep_dfa"].measured["share"])

# %% [markdown]
# ### Beside chance, and beside the weights
#
# From here on all numbers are those of the stored run. It was given in the place of the parameters above:

# %%
stored = verdicts.StoredRun("alignment_controls/mnist")
stored.show_parameters(chapter.parameters)

# %% mystnb={"image": {"alt": "Four panels, the wide and the deep network under FA and under DFA, with degrees against the number of the layer. A grey band of chance lies around ninety degrees; two lines, the angle of the errors and that of the weights, lie below it."}, "figure": {"caption": "Stored run: angles of errors and of weights after the last epoch, and of the errors with fresh feedback.", "name": "fig-alignment-controls-chance"}}
from dfa_utils.figures import plot_layers

lines = {words: stored.last_angles(name) for words, name in names.items()}
nulls = {w: stored.curve(f"{name}_angle_null") for w, name in names.items()}
figure = plot_layers(lines, "degrees", nulls)

# %% tags=["hide-input"]
stored.judge_angles(names)

# %% [markdown]
# **No accident.** With feedback that the networks never met the angle is a right angle in the mean, and a draw of it scatters little. With their own it lies below all those draws, in every layer and for every seed. So does the angle of the weights.
#
# **Two angles, not one.** The angle of the errors and that of the weights do not stand for each other:
#
# - Under FA, the weights of all layers but the highest have turned only a little, and yet what is sent there is clearly better aligned than they are. A likely reason, not measured here: the errors have few directions, those of ten outputs, and only in these do the weights have to fit. The highest layer's do, and all errors come through it.
# - Under DFA in the deep network it is the other way round: in every layer the matrices fit the weights better than the errors fit BP's. Why is not measured here. BP's error passes the slopes of the units above on its way down, and DFA's does not; and the errors of the images are not spread evenly over all that a matrix could send.
#
# In the wide network under DFA neither is clearly nearer in all layers.
#
# ### The size of the true error

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, the wide and the deep network, with the size of BP's own error beside that at the output against the number of the layer, and a line for networks trained by BP, FA and DFA in each."}, "figure": {"caption": "Stored run: the size of BP's own error at each hidden layer, the error at the output being one.", "name": "fig-alignment-controls-size"}}
of, kinds = stored.last_sizes, ("BP", "FA", "DFA")
lines = {f: {r: of(f"{f}_{r.lower()}") for r in kinds} for f in forms}
figure = plot_layers(lines, "size", log=True)

# %% tags=["hide-input"]
stored.judge_sizes(names, least=0.01)

# %% [markdown]
# In no layer is BP's own error too small to point somewhere: the rule holds with much to spare, and towards the input the true error even grows.
# That is so after training. At the start of FA and DFA from zero it is zero in all hidden layers, and there is no angle.
#
# ### What depth is worth
#
# Test errors of the last epoch, in percent, where the hidden layers learn and where they stay random:

# %% tags=["hide-input"]
stored.judge_depth(forms)

# %% [markdown]
# In the wide network the hidden layers have gained much under each of the three rules: with random ones the output layer alone stays far behind.
#
# In the deep one the verdict is the same, and says less. Seven layers drawn as BP's are hand on so little that the output layer above them hardly leaves guessing. What the rules are ahead of there is a network that does not learn, and not one that learns without depth.
#
# That BP is behind FA and DFA in the deep network says little beyond these few epochs: in the runs of this network for [the paper's table](paper_table.ipynb), of few seeds for each rule, BP and DFA end so near to one another that their order means nothing.
#
# ### What an angle is worth
#
# That the angles are this small is not chance, nor are they angles to a true error that is too small to count: the layers are aligned.
# The angle of the errors does not say how well the weights fit the matrices, nor what the layers have gained. For that there are the networks whose hidden layers stay random, and the deep one of these does not tell.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Other images: `.venv/bin/papermill notebooks/alignment_controls.ipynb out.ipynb -p dataset fashion_mnist`
# - Narrow layers, in which chance scatters further: `.venv/bin/papermill notebooks/alignment_controls.ipynb out.ipynb -y "hidden_sizes: [8, 8]"`
#
# The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/alignment_controls.py out.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook out.ipynb alignment_controls/mnist
# ```
#
# **Exercise.** If the cosines of the images were independent of one another, the mean over so many of them would scatter so little that the grey band could not be seen. Why can it?
#
# <details><summary>Answer</summary>
#
# All images share the one matrix, and their errors have few directions: ten outputs, of which one or two are wrong at a time.
# Thousands of cosines that move together are worth no more than a few. What helps is another matrix, and that is why there are twenty.
#
# </details>
#
# **Fill in.** The angle of this book: that of the mean of the cosines, in degrees.


# %% tags=["exercise"]
def angle_of(sent, true):
    """Return an angle from two arrays (images, units)."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise


def angle_by_image(sent, true):
    lengths = np.linalg.norm(sent, axis=1) * np.linalg.norm(true, axis=1)
    return np.degrees(np.arccos(np.sum(sent * true, axis=1) / lengths))


def angle_of_sums(sent, true):
    return angle_by_image(sent.sum(0)[None], true.sum(0)[None])[0]


pair = np.array([[3.0, 1.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [2.0, 2.0]])
check_exercise(
    angle_of,
    [(pair, 34.11689)],
    {
        "the mean of the angles": lambda s, t: angle_by_image(s, t).mean(),
        "the angle of the sums over the images": angle_of_sums,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def angle_of(sent, true):
#     lengths = np.linalg.norm(sent, axis=1) * np.linalg.norm(true, axis=1)
#     cosines = np.sum(sent * true, axis=1) / lengths
#     return np.degrees(np.arccos(np.mean(cosines)))
# ```
#
# </details>
#
# **Fill in.** What the feedback matrix of a hidden layer would be under DFA if it fitted the weights: made of those above the layer, from the next one up to the output's, each (inputs, outputs).


# %% tags=["exercise"]
def aim_of(weights):
    """Return a matrix (classes, units) from a list of weights."""
    ...


# %% tags=["hide-input", "exercise-check"]
from functools import reduce

above = [np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), np.eye(3)[:, :2]]
check_exercise(
    aim_of,
    [((above,), [[1.0, 0.0], [2.0, 1.0]]), ((above[1:],), np.eye(3)[:2])],
    {
        "that is the transposed matrix": lambda w: reduce(np.matmul, w),
        "that is the layer above alone, as under FA": lambda w: w[0].T,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def aim_of(weights):
#     aim = weights[-1].T
#     for above in weights[-2::-1]:
#         aim = aim @ above.T
#     return aim
# ```
#
# </details>
#
# ## Further reading
#
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
