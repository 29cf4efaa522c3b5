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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/03_paper_protocol.ipynb)

# %% [markdown]
# # Follow the paper's own protocol
#
# BP, FA and DFA train to the end as in Nøkland (2016), and end close together on test images.
#
# **The question.** The first chapter stopped after a few epochs of plain gradient descent, far from what either rule can do. How do BP, FA and DFA compare when all are trained to the end, the way Nøkland (2016) trained them?
#
# **What you will see**
#
# - RMSprop in the place of plain gradient descent, in four lines;
# - the three rules side by side, live, on a part of the training images;
# - the same three from a stored run of the whole protocol, beside the published errors.

# %% tags=["hide-input"]
import importlib.util
import subprocess
import sys
from typing import Optional

if importlib.util.find_spec("dfa_utils") is None:  # on Colab
    repository = "https://github.com/root2116/direct-feedback-alignment"
    package = f"dfa_utils @ git+{repository}@main"
    install = [sys.executable, "-m", "pip", "install", "--quiet", package]
    subprocess.run(install, check=True)

# %% tags=["parameters"]
dataset: str = "mnist"  # mnist, fashion_mnist or digits
hidden_sizes: list[int] = [800, 800]  # widths of the hidden layers
learning_rate: float = 0.0001  # of RMSprop
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 8  # passes over the training set, at most
stop_train_error: Optional[float] = 0.01  # percent; null is never
seeds: list[int] = [0, 1, 2]  # one network each
feedback_scale: float = 1.0  # factor of the range of the feedback matrices
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 10000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
import time

from dfa_utils.arrays import get_backend
from dfa_utils.checkpoints import checkpoint_path
from dfa_utils.checks import check_parameters
from dfa_utils.datasets import load_dataset
from dfa_utils.feedback import initialise_feedback
from dfa_utils.initialisers import uniform_fan_in, uniform_fan_out, zeros
from dfa_utils.learning_rules import LEARNING_RULES, feedback_alignment
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import RMSprop, plain_rmsprop
from dfa_utils.plots import plot_error_curves, use_book_style
from dfa_utils.records import record_errors, show_provenance
from dfa_utils.reports import print_every
from dfa_utils.stored_results import load_history, load_published
from dfa_utils.training import train

parameters = {name: globals()[name] for name in __annotations__}
check_parameters(parameters)
started = time.perf_counter()
backend = get_backend(backend)
use_book_style()

# %% [markdown]
# ## The idea
#
# **Feedback alignment** (FA) is the step between BP and DFA.
# The error still travels down layer by layer, but through fixed random matrices instead of the transposed weights:
#
# $$
# \delta_l = (\delta_{l+1} B_{l+1}) \odot f'(a_l)
# $$
#
# **RMSprop** divides each gradient $g$ by the root of its own running mean square:
#
# $$
# \begin{aligned}
# m &\leftarrow 0.99\, m + 0.01\, g^2 \\
# w &\leftarrow w - \eta\, g \,/\, (\sqrt m + \epsilon)
# \end{aligned}
# $$
#
# The size of a gradient cancels, and only its direction counts.
# This matters here: how large the errors are that DFA sends to a layer is set by the scale of a random matrix, and with plain gradient descent that scale is a hidden learning rate for every layer.
#
# Both in code:

# %%
import inspect

for function in (feedback_alignment, plain_rmsprop):
    signature, _, body = inspect.getsource(function).split('"""')
    print(signature.rstrip() + body)

# %% [markdown]
# The rest of the protocol: inputs in $[0, 1]$, tanh units, logistic outputs with binary cross-entropy, errors summed over mini-batches of 64.
# A seed stops after the epoch in which its train error is at most 0.01 percent, and the test error of that epoch is the one that counts.
# (The code that the author released stops by a running mean of the train error over epochs, a little later.)
# FA and DFA start from zero, BP from $\pm 1/\sqrt{\text{fan-in}}$; the feedback matrices come from $\pm 1/\sqrt{\text{fan-out}}$, fan-out being the width of the layer that receives.
#
# ## The experiment

# %%
data = load_dataset(
    dataset,
    backend=backend,
    input_range=input_range,
    train_samples=train_samples,
)
layer_sizes = [data.train_images.shape[1], *hidden_sizes, data.num_classes]
settings = {"batch_size": batch_size, "num_epochs": num_epochs, "seeds": seeds}
settings |= {"optimizer": RMSprop(learning_rate), "error_reduction": "sum"}
settings |= {"stop_train_error": stop_train_error, "report": print_every(4)}

# %% [markdown]
# The three rules differ in nothing but the rule and where the network starts:


# %%
def run(rule, start):
    params = initialise_params(
        layer_sizes, seeds, start, start, backend=backend
    )
    feedback = initialise_feedback(
        rule,
        layer_sizes,
        seeds,
        uniform_fan_out(feedback_scale),
        backend=backend,
    )
    kept = checkpoint_path(checkpoint_dir, f"03_{rule.__name__}")
    _, history = train(
        rule, params, data, feedback=feedback, checkpoint=kept, **settings
    )
    return history


# %%
starts = {"bp": uniform_fan_in(), "fa": zeros, "dfa": zeros}
histories = {}
for rule, start in starts.items():
    print(rule.upper())
    histories[rule.upper()] = run(LEARNING_RULES[rule], start)

# %% [markdown]
# ## What we see
#
# The lines are means over the seeds, the bands one sample standard deviation to each side.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch of the short run, with one curve each for BP, FA and DFA."}, "figure": {"caption": "The live run: a part of the training images, few epochs.", "name": "fig-protocol-live"}}
figure = plot_error_curves(histories)

# %% tags=["hide-input"]
for rule in ("bp", "fa", "dfa"):
    for quantity in ("train_error", "test_error"):
        errors = histories[rule.upper()].last(quantity)
        record_errors(rule, quantity, errors)

# %% [markdown]
# ### To the end
#
# The whole protocol takes far longer on a processor than a chapter should, so its curves come from a stored run of the notebook *Run your own*, with all training images and up to 300 epochs.
# A seed that has stopped keeps its last value.

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train error and test error against the epoch of the stored run, with one curve each for BP, FA and DFA. The train error falls until each rule stops; the test error levels off long before."}, "figure": {"caption": "The stored run of the whole protocol, two hidden layers of 800 tanh units.", "name": "fig-protocol-full"}}
stored = {
    rule.upper(): load_history(f"paper_table/2x800_tanh_{rule}")
    for rule in starts
}
figure = plot_error_curves(stored)

# %% [markdown]
# Its test errors in percent at the epoch in which each seed stopped, beside the published ones:

# %% tags=["hide-input"]
published = load_published()
for rule in ("bp", "fa", "dfa"):
    history, paper = stored[rule.upper()], published["2x800 tanh", rule]
    record_errors(f"stored_{rule}", "test_error", history.last("test_error"))
    print(f"  epochs {', '.join(map(str, history.epochs_run))}")
    print(f"  paper  {paper['test_error']} ± {paper['spread']}")

# %% [markdown]
# The published values in this book were recalled and not read from the paper, except one (DFA with dropout); the file `dfa_utils/results/nokland2016_table1.csv` says for each how it is known.
#
# All three rules come to fit all but a handful of the training images, and DFA takes the longest to do so.
# On test images they end close together: the distance between two rules is of the size of a few standard deviations over the seeds, and far below that between any of them and the first chapter.
#
# ## What to try next
#
# - The live run on all images: `.venv/bin/papermill notebooks/03_paper_protocol.ipynb out.ipynb -p num_epochs 300 -y "train_samples: null"`
# - Weaker feedback: `.venv/bin/papermill notebooks/03_paper_protocol.ipynb out.ipynb -p feedback_scale 0.1`
#
# **Exercise.** With plain gradient descent, ten times weaker feedback would mean ten times smaller steps in the hidden layers. What does it change under RMSprop, at zero initial weights?
#
# <details><summary>Answer</summary>
#
# In the hidden layers of DFA a common factor of the gradient cancels, so nothing but rounding and the small $\epsilon$ is left of it.
# In FA it is the same for every layer, although the factors multiply on the way down.
#
# </details>
#
# ## Further reading
#
# - Nøkland (2016), *Direct Feedback Alignment Provides Learning in Deep Neural Networks*, [arXiv:1609.01596](https://arxiv.org/abs/1609.01596)
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
# - Tieleman, Hinton (2012), *Lecture 6.5: RMSprop*, Coursera: Neural Networks for Machine Learning
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
show_provenance(backend, parameters, time.perf_counter() - started)
