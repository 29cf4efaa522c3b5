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
# Fifteen ways to tell a hidden layer what to change, from back-propagation to none at all, are judged twice: by the errors that they reach, and by the gradients that they send.
#
# **The question.** Rules differ in what a layer must be told: the weights above it, their signs, an error, a target, one number. What is each of these worth?
#
# **What you will see**
#
# - test errors of all rules, each with a learning rate of its own, chosen by validation images;
# - for each, how far its mean gradient points from the true one, and how much single ones vary;
# - that the two are different faults: one rule without back-propagation has no bias that is seen here, and is still the slowest to learn.

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
# All rules of this book share one loop. A rule says which error $\delta_l$ each layer is sent, and the layer then steps against $h_{l-1}^{\mathsf T} \delta_l$. With $e$ the output error, and with $\odot f'(a_l)$ understood in every row but that of NP, the family is this. The output layer is sent $e$ by all rules but NP, which moves it by its noise too:
#
# | rule | what layer $l$ is sent | where it is from |
# | --- | --- | --- |
# | **BP**, back-propagation | $\delta_{l+1} W_{l+1}^{\mathsf T}$ | Rumelhart et al. (1986) |
# | **KP**, Kolen-Pollack | $\delta_{l+1} B_{l+1}$, and $B$ takes the steps of $W^{\mathsf T}$ | Akrout et al. (2019), after Kolen, Pollack (1994) |
# | **WM**, weight mirrors | $\delta_{l+1} B_{l+1}$, and $B$ learns from noise sent through $W$ | Akrout et al. (2019) |
# | **SS**, sign symmetry | $\delta_{l+1} (M_{l+1} \odot \operatorname{sign} W_{l+1}^{\mathsf T})$, all magnitudes $M$ the same | Liao et al. (2016) |
# | **SS fixed**, **SS anew** | the same, $M$ random and fixed, or drawn for each mini-batch | Moskovitz et al. (2018) |
# | **FA**, feedback alignment | $\delta_{l+1} B_{l+1}$ | Lillicrap et al. (2016) |
# | **DFA**, direct feedback alignment | $e\, B_l$ | Nøkland (2016) |
# | **shared**, a form of DFA | $e\, B$, one matrix for all layers | Nøkland (2016) |
# | **DKP**, direct Kolen-Pollack | $e\, B_l$, and $B_l$ descends along $e^{\mathsf T} h_l$ | Webster et al. (2021) |
# | **sDFA**, error-sign DFA | $\operatorname{sign}(e)\, B_l$ | Frenkel et al. (2021) |
# | **DRTP**, direct random target projection | $-y\, B_l$: targets alone | Frenkel et al. (2021) |
# | **IFA**, indirect feedback alignment | the first layer $e\, B$, the others $\delta_{l-1} W_l$ | Nøkland (2016) |
# | **NP**, node perturbation | what its own noise $\xi_l$, of deviation $\sigma$, does to the loss: $\Delta L\, \xi_l / \sigma^2$ with the change $\Delta L$ | Werfel et al. (2005) |
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
# For the two rules that draw random numbers to send, SS anew and NP, each mini-batch is looked at twenty times; and as the mean of a few noisy vectors is too long, the share of the noise in its squared length, as the draws themselves estimate it, is subtracted.
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
from dfa_utils.studies import family as kin

family = kin.everyone()

# %%
from dfa_utils import SGD, Network, Recipe, Run, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
inputs["validation_samples"] = validation_samples
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)


def fit(name, rate, which, **options):
    """Train networks under a rule of the family."""
    recipe = Recipe(family[name], SGD(rate), batch_size=batch_size)
    still = range(len(hidden_sizes)) if name == kin.ALONE else ()
    run = Run(network, recipe, data, which, frozen=set(still), **kin.START)
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
record("family_per_seed", table)

# %% [markdown]
# How long a step takes depends on the machine and on what else it does, so it is measured anew each time and shown with the provenance at the end of the page: the median over five rounds, in each of which all rules train for one epoch of 20 mini-batches in turn, of the processor's seconds for a rule divided by those for BP in that round.

# %%
from dfa_utils.chapter.timing import relative_seconds

chapter.timings |= relative_seconds(runs)

# %% [markdown]
# ## What we see
#
# The pictures, the table and the verdicts are of a stored run of this notebook, with more images and epochs; the live run stands further down. In the place of the numbers above it had:

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("family/mnist")
stored.show_parameters(chapter.parameters)
found = stored.records["family_per_seed"]
errors = kin.arrays_of(found, "test_error")

# %% mystnb={"image": {"alt": "A row for each learning rule, with a mark at its mean test error on a logarithmic axis and a dot for each seed. BP, the rules that send through learned or signed matrices and those through fixed random ones lie close together at the left; the last layer alone and node perturbation lie far to the right."}, "figure": {"caption": "Stored run: test error of every rule at its own learning rate. A dot is a seed, the mark their mean.", "name": "fig-family-errors"}}
from dfa_utils.figures import plot_errors_by_rule

figure = plot_errors_by_rule(errors)

# %% mystnb={"image": {"alt": "Two panels on a logarithmic scale, train and test error against the epoch, with a curve each for BP, sign symmetry, FA, DFA, DRTP and the last layer alone. The curve of the last layer alone falls least and lies far above the others."}, "figure": {"caption": "Stored run: six of the rules, epoch by epoch.", "name": "fig-family-curves"}}
from dfa_utils.figures import plot_error_curves

figure = plot_error_curves(stored.histories(kin.DRAWN))

# %% [markdown]
# ### Bias and variance
#
# To the right is what points along the true gradient on average; up is what varies more than BP does, from mini-batch to mini-batch and draw to draw.

# %% mystnb={"image": {"alt": "A marker for each rule, cosine of its mean gradient with the true one to the right, its variance relative to BP upward on a logarithmic axis. Most rules lie near the line of BP's variance, at cosines from small to one; node perturbation alone lies at a cosine of one and far above all others."}, "figure": {"caption": "Stored run: bias and variance of the gradients of every rule. A dot is a seed, the marker their mean; where markers crowd, the table below has their numbers.", "name": "fig-family-bias-variance"}}
from dfa_utils.figures import plot_bias_and_variance

judged = kin.arrays_of(found, "judged")
figure = plot_bias_and_variance(judged)

# %% [markdown]
# ### All of it in one table
#
# Angles are those of [the alignment chapter](alignment.ipynb), for each hidden layer, in degrees: they compare what an *image* is sent, and so for node perturbation a single draw. Cosine and variance are those of the section above, means over the seeds. The last column is the time of a step beside BP's, as it was measured in the stored run.

# %%
from IPython.display import Markdown

spent = stored.records["provenance"]["timings"]
Markdown(kin.family_rows(found, spent))

# %% [markdown]
# The verdicts, by the rules that were fixed above. First each rule against the last layer alone, and BP against each:

# %% tags=["hide-input"]
kin.judge_errors(errors)

# %% [markdown]
# Then the gradients:

# %% tags=["hide-input"]
kin.judge_gradients(judged)

# %% [markdown]
# - **Almost every rule is worth something.** All but node perturbation are clearly better than the last layer alone, those included that know the signs of the errors only, or the targets only.
# - **The errors lie closer together than the gradients.** BP is clearly ahead of neither form of Kolen-Pollack, nor of DFA nor of DFA with one shared matrix, whose gradients point well away from the true one. But at its rate BP's errors jump from epoch to epoch, and one seed ended on such a jump: after the epoch before, the same rule finds BP ahead of DFA, of one shared matrix and of learned direct matrices. And the order of the cosines is not that of the errors: weight mirrors have one of the largest cosines, and not one of the lowest errors.
# - **What is learned or copied of the weights shows in the bias.** Matrices that learn, and those that have the signs of the weights, have a larger cosine than FA's random ones, and a learned direct matrix a larger one than DFA's.
# - **Drawing the magnitudes anew costs variance more than bias.** Beside the other forms of sign symmetry, it is the variance that stands out.
# - **Node perturbation has no bias and is the slowest.** A layer hears one number, which the noise of all layers has made; what its own part in it was shows only in the mean over many draws. Its output layer learns in this way too, while that of every other rule is told the error. So it takes the smallest rate of the list, and with that it is still behind the last layer alone after these epochs. In linear networks Werfel et al. (2005) find it slower than the gradient by the number of output units.
#
# Four reservations. Each gradient is judged on the network that its own rule has made, so a cosine belongs to the pair of both. The rates lie a factor of about three apart, one network chose among them, and those of node perturbation and of the last layer alone lie at the ends of the list. Three seeds are few: a claim that does not hold is not one that is refuted. And these are short runs on a part of the images: [the paper's table](paper_table.ipynb) has longer ones, of three rules.
#
# ### Clothes in the place of digits
#
# The same code with the same parameters, Fashion-MNIST in the place of MNIST, from a stored run:

# %% mystnb={"image": {"alt": "A row for each learning rule, with a mark at its mean test error on clothes on a logarithmic axis and a dot for each seed. The means of most rules lie close together, the error's signs and the last layer alone to the right of them, node perturbation far to the right. The dots of BP and KP are strewn widely; one of BP lies to the right of the last layer alone."}, "figure": {"caption": "Stored run on Fashion-MNIST: test error of every rule at its own learning rate. A dot is a seed, the mark their mean.", "name": "fig-family-clothes"}}
clothes = kin.errors_of(verdicts.StoredRun("family/fashion_mnist"))
figure = plot_errors_by_rule(clothes)

# %% tags=["hide-input"]
kin.judge_errors(clothes, "clothes_")

# %% [markdown]
# - **Most rules are worth something here too**: all but back-propagation, Kolen-Pollack, the signs of the error and node perturbation are clearly better than the last layer alone.
# - **Back-propagation is clearly better than node perturbation alone: its seeds lie too far apart for more.** At the rate that one network chose for it by its last epoch, the errors jump from epoch to epoch, and one seed ended on such a jump; Kolen-Pollack, whose matrices take the steps of the weights, jumps with it. A mean of three last epochs is a poor judge of such curves, and to choose another epoch by the test images would be a worse one.
# - **The order is not that of the digits.** Among the rules that send an error through learned, signed or random matrices, the differences are hardly larger than the spread. Those that know the signs of the errors or the targets only still have higher errors than FA, in every seed.
#
# ### The live run
#
# Fewer images and epochs, so the order of the rules may be another one:

# %%
kin.record_last(table)

# %% [markdown]
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Other images: `.venv/bin/papermill notebooks/family.ipynb out.ipynb -p dataset fashion_mnist`
# - A deeper network, where errors go a longer way: `.venv/bin/papermill notebooks/family.ipynb out.ipynb -y "hidden_sizes: [100, 100, 100, 100]"`
# - Narrow layers, which help node perturbation: `.venv/bin/papermill notebooks/family.ipynb out.ipynb -y "hidden_sizes: [20]"`
#
# The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/family.py family_run.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook family_run.ipynb family/mnist
# ```
#
# **Fill in.** Sign symmetry sends through a matrix that has the signs of the transposed weights, and one magnitude for all of them. Write it, and run the two cells.


# %% tags=["exercise"]
def signed(weights, magnitude):
    """Return the matrix of sign symmetry, (units above, units)."""
    ...  # weights is (units, units above), magnitude a number


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

matrix = np.array([[0.2, -3.0], [-0.1, 0.0], [1.0, 0.4]])
expected = np.array([[0.5, -0.5, 0.5], [-0.5, 0.0, 0.5]])
check_exercise(
    signed,
    [((matrix, 0.5), expected)],
    {
        "it still has the sizes of the weights": lambda W, m: m * W.T,
        "it is not transposed": lambda W, m: m * np.sign(W),
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def signed(weights, magnitude):
#     return magnitude * np.sign(weights.T)
# ```
#
# </details>
#
# **Fill in.** Node perturbation knows how much the loss of each image changed, and the noise that it put into a layer. What is the layer sent, so that it is the true error on average?


# %% tags=["exercise"]
def sent(change, noise, deviation):
    """Return what the layer is sent, (images, units)."""
    ...  # change is (images,), noise (images, units), deviation a number


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

change, noise = np.array([0.3, -0.1]), np.array([[0.1, -0.2], [0.0, 0.1]])
expected = np.array([[0.75, -1.5], [0.0, -0.25]])
check_exercise(
    sent,
    [((change, noise, 0.2), expected)],
    {
        "it grows and shrinks with the noise": lambda c, n, d: c[:, None] * n,
        "one deviation is missing": lambda c, n, d: c[:, None] * n / d,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sent(change, noise, deviation):
#     return change[:, None] * noise / deviation**2
# ```
#
# To first order the change is the inner product of the true error with the noise; times the noise, its mean is the true error times the variance of the noise.
#
# </details>
#
# **Exercise.** DRTP never sees the output error. Why does a layer that is sent $-y B_l$ not run away?
#
# <details><summary>Answer</summary>
#
# It does not stop by itself: every image of a class pushes the layer the same way for as long as training lasts. What slows it is the slope $f'(a_l)$, which goes to zero as the units saturate. The output layer, which does see the error, then reads classes off features that have been pulled apart.
#
# </details>
#
# ## Further reading
#
# - Frenkel, Lefebvre, Bol (2021), *Learning Without Feedback: Fixed Random Learning Signals Allow for Feedforward Training of Deep Neural Networks*, [Frontiers in Neuroscience 15](https://doi.org/10.3389/fnins.2021.629892)
# - Liao, Leibo, Poggio (2016), *How Important Is Weight Symmetry in Backpropagation?*, [arXiv:1510.05067](https://arxiv.org/abs/1510.05067)
# - Moskovitz, Litwin-Kumar, Abbott (2018), *Feedback Alignment in Deep Convolutional Networks*, [arXiv:1812.06488](https://arxiv.org/abs/1812.06488)
# - Werfel, Xie, Seung (2005), [*Learning Curves for Stochastic Gradient Descent in Linear Feedforward Networks*](https://collaborate.princeton.edu/en/publications/learning-curves-for-stochastic-gradient-descent-in-linear-feedfor), Neural Computation
# - Dellaferrera, Kreiman (2022), *Error-driven Input Modulation*, [arXiv:2201.11665](https://arxiv.org/abs/2201.11665); Hinton (2022), *The Forward-Forward Algorithm*, [arXiv:2212.13345](https://arxiv.org/abs/2212.13345)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
