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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/frozen_first_layer.ipynb)

# %% [markdown]
# # Release a frozen first layer
#
# A network that has learned above a frozen random layer is set free: BP goes on, and DFA first unlearns, then recovers and passes the network that stays frozen.
#
# **The question.** A network has learned on top of a first layer that was never trained. What does each rule do when that layer is set free?
#
# This is the second of the two replications from which the book grew (追実験2, *replication 2*).
#
# **What you will see**
#
# - BP with a frozen random first layer: a long plateau, then a long fall;
# - the same network going on with its first layer free, once with BP and once with DFA, and once with it still frozen;
# - DFA making the network worse before it makes it better, and the angles of its errors meanwhile.

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
hidden_sizes: list[int] = [50, 50, 50]  # widths of the hidden layers
activation: str = "tanh"  # of the hidden units: tanh, logistic or relu
loss: str = "binary_cross_entropy"  # or cross_entropy, of softmax outputs
learning_rate: float = 0.01  # of plain SGD
batch_size: int = 64  # samples in a mini-batch
pretrain_epochs: int = 50  # epochs with the first layer frozen
num_epochs: int = 50  # epochs after its release
seeds: list[int] = [0, 1, 2, 3, 4]  # one network each
init_scale: float = 0.01  # deviation of the initial weights
feedback_scale: float = 0.01  # deviation of the feedback matrices
input_range: list[float] = [-1.0, 1.0]  # what black and white become
train_samples: Optional[int] = None  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# A layer is frozen when its weights and biases are left out of the update.
# The first hidden layer then hands on a fixed random view of the image, and the layers above do what they can with it.
#
# BP's error for a hidden layer, $\delta_l = (\delta_{l+1} W_{l+1}^{\mathsf T}) \odot f'(a_l)$, is right for the weights as they are, so BP can go on at any moment.
# DFA's error, $\delta_l = (e\, B_l) \odot f'(a_l)$, is a random direction for weights that have never met $B_l$, as these have not: a hidden layer that follows it may spoil what the layers above rely on.
# How far it is from BP's error for the same networks and images is measured, as an angle, before the release and after each epoch.
#
# ## The experiment
#
# All layers start from small normal weights, and BP trains all but the first.

# %%
from dfa_utils import BP, DFA, SGD, Network, Normal, Recipe, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)


def recipe_of(learning_rule):
    """Return a recipe in which nothing but the rule is another."""
    settings = {"loss": loss, "batch_size": batch_size}
    return Recipe(learning_rule, SGD(learning_rate), **settings)


# %%
start = {"weights": Normal(init_scale), "frozen": {0}}
pretrained = Run(network, recipe_of(BP()), data, seeds, **start).fit(
    pretrain_epochs,
    checkpoint=chapter.checkpoint("frozen_first_layer_frozen"),
    report=chapter.report(5),
)

# %% [markdown]
# Three branches go on from that network.
# `branch` copies the networks and leaves the run that it is asked of as it is, so all start from the same values.
# The first is the control, in which nothing changes: what would more epochs have brought by themselves?

# %%
last_epoch = pretrain_epochs + num_epochs
frozen = pretrained.branch(recipe_of(BP()), frozen={0}).fit(
    last_epoch,
    checkpoint=chapter.checkpoint("frozen_first_layer_control"),
    report=chapter.report(5),
)

# %% [markdown]
# In the other two all layers are free. BP:

# %%
bp = pretrained.branch(recipe_of(BP())).fit(
    last_epoch,
    checkpoint=chapter.checkpoint("frozen_first_layer_bp"),
    report=chapter.report(5),
)

# %% [markdown]
# DFA needs feedback matrices, which the pretrained network never had; the branch draws them.
# `error_angles` measures, on the test images, the angle between what DFA sends a hidden layer and what BP would send it ([the chapter on alignment](alignment.ipynb) shows its code):

# %%
from dfa_utils import error_angles

feedback = Normal(feedback_scale)
dfa = pretrained.branch(recipe_of(DFA(feedback))).fit(
    last_epoch,
    measure={"angle": error_angles},
    checkpoint=chapter.checkpoint("frozen_first_layer_dfa"),
    report=chapter.report(5),
)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side; the dotted line is the release.

# %% mystnb={"image": {"alt": "Three panels of errors against the epoch: the test error of all epochs, then train error and test error of the last ones, enlarged. A grey curve stands for the networks that stay frozen to the end. From the dotted line of the release on, the curve of BP falls at once; that of DFA jumps up, falls, and crosses the grey one."}, "figure": {"caption": "Errors before and after the release of the first layer, and without it.", "name": "fig-release"}}
from dfa_utils.figures import plot_release

released = {"BP": bp.history, "DFA": dfa.history}
figure = plot_release(frozen.history, released, pretrain_epochs, 60)

# %% [markdown]
# The errors in percent, mean over the seeds and sample standard deviation: at the end of the frozen phase; at the last epoch where the layer stays frozen, with BP, and with DFA; and DFA's highest after the release.

# %% tags=["hide-input"]
from dfa_utils import record_errors

chapter.record_errors({"pretrain": pretrained, "frozen": frozen})
chapter.record_errors({"bp": bp, "dfa": dfa})
after = dfa.history.test_error[pretrain_epochs:]
record_errors("dfa", "peak_test_error", after.max(axis=0))

# %% [markdown]
# The angles between DFA's errors and those of BP, from the release on:

# %% mystnb={"image": {"alt": "One panel for each hidden layer with the alignment angle of DFA in degrees against the epochs since the release. All begin close to a right angle and fall slowly to the end."}, "figure": {"caption": "Alignment angles of DFA by epochs since the release of the first layer.", "name": "fig-release-angles"}}
import numpy as np
from dfa_utils.chapter.records import record_curve
from dfa_utils.figures import plot_measured

angles = np.array(dfa.measured["angle"])
record_curve("dfa_angle", angles)
figure = plot_measured({"DFA": angles}, "degrees")

# %% [markdown]
# With the default parameters, the frozen network stays at chance for many epochs, and then its error falls, to the end of the frozen phase and beyond it: the control shows that at the release it was far from what a random first layer allows.
# That fall slows down, and the test error of BP with the layer free is far below it within an epoch.
#
# Under DFA the error jumps up in the first epoch, falls, and after some epochs crosses the curve of the network that stays frozen: it ends lower than those epochs would have brought it without a release.
#
# The angles put the word *alignment* in its place here.
# At the release they are right angles, as random feedback has it, and so they are, nearly, where the error is at its highest.
# Most of the way back down is made while they are still wide; they go on falling, slowly, and are far from small at the end.
# So the layers do align, but they do not align first and let the error fall afterwards: both go on together.
#
# In the paper's Figure 2 (left) the networks come further: the train error is about 5 percent before the release, BP takes it to zero, and DFA too, within about 50 epochs.
# Here DFA's train error stays far above zero. This chapter steps by plain gradient descent, the paper by RMSprop: [the paper's claims](paper_claims.ipynb) repeat the experiment with both.
#
# ## What to try next
#
# - Fewer epochs in the frozen phase: `.venv/bin/papermill notebooks/frozen_first_layer.ipynb out.ipynb -p pretrain_epochs 10`
# - Stronger feedback: `.venv/bin/papermill notebooks/frozen_first_layer.ipynb out.ipynb -p feedback_scale 0.1`
#
# **Exercise.** Would you expect the rise under DFA if the release came before the network had left its plateau?
#
# <details><summary>Answer</summary>
#
# At chance there is no solution to lose. The upper layers can align with the feedback from where they stand, so there is little to undo.
# Try it with `pretrain_epochs` below the end of the plateau.
#
# </details>
#
# **Fill in.** One step of gradient descent that leaves some layers as they are; the first layer is number 0.


# %% tags=["exercise"]
def step(weights, gradients, rate, frozen):
    """Return the weights of each layer after the step, list."""
    ...  # two lists of arrays, a number, a set of layers


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

layers = [np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])]
slopes = [np.array([[2.0, 2.0]]), np.array([[5.0], [1.0]])]
check_exercise(
    step,
    [((layers, slopes, 0.5, {0}), [layers[0], layers[1] - 0.5 * slopes[1]])],
    {
        "the frozen layer moves and the other stays": lambda w, g, rate, f: [
            w[k] - rate * g[k] * (k in f) for k in range(len(w))
        ],
        "every layer moves": lambda w, g, rate, f: [
            w[k] - rate * g[k] for k in range(len(w))
        ],
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def step(weights, gradients, rate, frozen):
#     return [
#         w if k in frozen else w - rate * g
#         for k, (w, g) in enumerate(zip(weights, gradients))
#     ]
# ```
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Refinetti et al. (2021), *Align, then memorise: the dynamics of learning with feedback alignment*, [arXiv:2011.12428](https://arxiv.org/abs/2011.12428)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
