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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/learned_feedback.ipynb)

# %% [markdown]
# # Let the feedback learn
#
# Two rules whose feedback matrices come to resemble the weights, Kolen-Pollack and weight mirrors, are run in the settings of their authors and laid beside the authors' own logs.
#
# **The question.** Back-propagation needs the transposed weights on the way back. Can a network find them by itself, without anybody copying them?
#
# **What you will see**
#
# - the errors of four rules beside those that the authors logged, epoch by epoch;
# - the angle between each feedback matrix and the weights that it stands for, as it closes;
# - what weight decay does to that angle, and what it costs.

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
hidden_sizes: list[int] = [500]  # widths of the hidden layers
activation: str = "logistic"  # of the hidden units: tanh, logistic or relu
weight_decay: float = 0.001  # of Kolen-Pollack with decay
batch_size: int = 128  # samples in a mini-batch
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
# Feedback alignment (FA) sends the error of a layer down through a matrix $B$ that stays as it was drawn. Both rules of this chapter send as it does, and move $B$ as well.
#
# **Kolen-Pollack** (KP). The step of the weights is a product of what the two ends of a connection know: the activity below, and the error above. The connection on the way back has the same two ends. So it can take the same step, transposed, and if both also shrink by the same factor, with $h$ the activity below, $\delta$ the error above, $\eta$ the learning rate and $\lambda$ the weight decay,
#
# $$
# \begin{aligned}
# W &\leftarrow (1 - \eta\lambda)\, W - \eta\, h^{\mathsf T} \delta \\
# B &\leftarrow (1 - \eta\lambda)\, B - \eta\, \delta^{\mathsf T} h \\
# W - B^{\mathsf T} &\leftarrow (1 - \eta\lambda)\,(W - B^{\mathsf T})
# \end{aligned}
# $$
#
# With decay, $\lambda > 0$, the difference vanishes whatever is learned. Without, it stays as it was drawn. The *angle* between the two may close all the same, as far as both outgrow their difference.
#
# **Weight mirrors** (WM). Send noise $x$ of mean zero through a single layer, and correlate what goes in with what comes out, at a rate $\eta_B$ of its own:
#
# $$
# B \leftarrow B + \eta_B\, f(xW + b)^{\mathsf T} x
# $$
#
# On average $B$ gains along $W^{\mathsf T}$, and what it was drawn as fades beside that. This is the code of both, whole:

# %%
from dfa_utils import KolenPollack, WeightMirror

chapter.show(KolenPollack.adapt, WeightMirror.adapt)

# %% [markdown]
# ## The settings, and where they come from
#
# All are those of the authors' [released code](https://github.com/makrout/Deep-Learning-without-Weight-Transport) for MNIST: one hidden layer of 500 logistic units, mini-batches of 128, plain gradient descent, a learning rate for each rule, and weights, biases and feedback drawn from $\sqrt{1 / (\text{fan-in} + \text{fan-out})}$ times a normal number. The outputs are logistic, with binary cross-entropy, and the mirrors see noise in every step, at a rate $\eta_B$ of 0.01. The code comes with its logs, of one run for each rule, all from the same seed: they hold errors and angles at some epochs, and are what is meant by the log below. KP has no decay in it. The second KP here, with one of 0.001, is ours, and no log stands beside it.
#
# Two things in that code one would not guess. The gradient of a bias is averaged over the mini-batch and then divided by its size once more, so that biases hardly move; so it is here. And after the mirrors' noise the code computes matrices of a given size, but keeps them under a name that is forgotten at once: what the errors go through is *not* rescaled, there or here.
#
# The authors train for 400 epochs, and so does the stored run below. Four differences are left. Here the images are shuffled in each epoch, and its last, smaller mini-batch is trained on too; the noise of the mirrors is normal, with the deviation of their uniform one; and there are three seeds in the place of one.
#
# Before any training the mirrors see as much noise as in an epoch. The rates, and these settings as code:

# %%
from dfa_utils.studies import akrout

chapter.show(akrout.SlowBiases.step, akrout.mirror_first)
print(akrout.RATES)

# %% [markdown]
# ## What is measured, and how it is judged
#
# Before training and after every epoch: the [alignment angle](alignment.ipynb) of the error that the hidden layer is sent, on all test images, where the log has that of a single training image; and the angle between the feedback matrix and the transposed weights, both taken as one long vector.
#
# Fixed before the stored run was looked at (a shorter one, of 40 epochs, was judged by the same rules before):
#
# 1. **A logged error fits** if it lies where one more seed of ours would lie with a probability of 95 %: within $t\, s \sqrt{1 + 1/n}$ of our mean, where $s$ is the sample deviation over our $n$ seeds and $t$ the quantile of Student's distribution with $n - 1$ degrees of freedom. It is asked at each epoch of the log, and a rule fits if all do. With three seeds the range is five deviations to each side: where the seeds scatter, a fit says little. And of nine such ranges one misses by chance about every third time, if the epochs count as independent.
# 2. **One number is above another** if the difference, seed by seed, is in the mean more than twice its deviation over the seeds, after the last epoch.
#
# The rates differ between the rules, as the authors chose them. So an order of their errors after a given epoch is one of these settings, and no order of the rules is asked for.
#
# ## The experiment

# %%
from dfa_utils import BP, FA, Network, Recipe, Run, error_angles, load_dataset
from dfa_utils.alignment import weight_angles

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)
network = Network.between(data, hidden_sizes, activation)
drawn = akrout.BothEnds()
ways = {"bp": BP(), "fa": FA(drawn), "kp": KolenPollack(drawn)}
ways |= {"kp_decay": KolenPollack(drawn), "wm": WeightMirror(drawn)}
angles = {"sent": error_angles, "matrix": weight_angles}

# %%
import numpy as np
from dfa_utils.chapter.records import record_curve, record_history

for name, chosen in ways.items():
    rate, decay = akrout.RATES[name[:2]], weight_decay * ("decay" in name)
    moves = akrout.SlowBiases(rate, weight_decay=decay, batch_size=batch_size)
    recipe = Recipe(chosen, moves, batch_size=batch_size)
    run = Run(network, recipe, data, seeds, weights=drawn, biases=drawn)
    if name == "wm":
        akrout.mirror_first(run)
    measure = angles if run.feedback else {}
    kept = chapter.checkpoint(f"learned_feedback_{name}")
    run.fit(num_epochs, measure=measure, checkpoint=kept)
    record_history(run.history, name)
    for part in measure:
        lowest = np.array(run.measured[part])[:, :, 0]
        record_curve(f"{name}_{part}_angle", lowest)

# %% [markdown]
# ## What we see
#
# The pictures are of a stored run of 400 epochs on all training images, made by this notebook with these parameters in the place of the numbers above:

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("learned_feedback/mnist")
stored.show_parameters(chapter.parameters)
runs = {"BP": "bp", "FA": "fa", "KP": "kp", "WM": "wm"}

# %% mystnb={"image": {"alt": "Two panels, train and test error against the epoch, all axes logarithmic, with a curve for BP, FA, KP and WM. The train errors of BP, KP and WM end on a floor, that of FA near one percent; the test errors of the three meet, and that of FA stays above. In the panel of the test error open markers lie along each curve."}, "figure": {"caption": "Stored run: errors, and the authors' logged test errors as open markers in the colour of the rule. A train error of zero is drawn as that of one image.", "name": "fig-learned-feedback-errors"}}
from dfa_utils.figures import looks_of, plot_error_curves

figure = plot_error_curves(stored.histories(runs))
akrout.mark_log(figure, runs, looks_of(runs), "test_error")

# %% tags=["hide-input"]
akrout.judge_log(stored, runs)

# %% [markdown]
# The logged errors of BP, FA and KP fit at every epoch, to the last. Of WM's one does not, so by our rule WM does not fit. It misses by a little: there our three seeds happen to lie close together, and of so many ranges of 95 % a few are missed by chance.
# In the first epochs most of the logged errors lie a little above our means, and after the last epoch all four lie a little below. The four logs are of one seed, with the same initial weights, and so not four witnesses: this may be chance, or one of the differences listed above. Neither was tested.
#
# After 50 epochs KP is ahead of BP and WM behind it, each at its own rate. After 400 the means of the three lie within 0.06 points of one another, with no training image left wrong: here learned feedback ends where back-propagation does. BP was not run at the rates of the other two. FA is behind by about 0.6 points. It has not finished: nearly one training image in a hundred is still wrong, and both of its errors are still falling.
#
# ### The matrices
#
# The angle between the feedback matrix and the transposed weights above it. A right angle is that of two random matrices; an angle of zero means that the way back is that of back-propagation, whatever the lengths.

# %% mystnb={"image": {"alt": "Angle between feedback matrix and transposed weights against the epoch, from a right angle or a little less on, with a curve for FA, KP, KP with decay and WM, and open markers of the log along those of three. All fall; the curve of FA turns, rises again and ends near 40 degrees; that of KP with decay falls to zero; those of KP and WM meet below 4 degrees."}, "figure": {"caption": "Stored run: angle between feedback matrix and transposed weights; the log as open markers.", "name": "fig-learned-feedback-matrices"}}
from dfa_utils.figures import plot_measured

learned = {"FA": "fa", "KP": "kp", "KP with decay": "kp_decay", "WM": "wm"}
matrices = stored.curves(learned, "matrix_angle_seeds")
figure = plot_measured(matrices, "degrees")
looks = looks_of(learned)
akrout.mark_log(figure, learned, looks, "matrix_angle")

# %% [markdown]
# ### What is sent

# %% mystnb={"image": {"alt": "Angle between the error that the hidden layer is sent and that of back-propagation against the epoch, with a curve for FA, KP, KP with decay and WM, and open markers of the log, which scatter. The curves look like those of the matrices, but for WM in the first epochs, where this one is lower."}, "figure": {"caption": "Stored run: angle between the sent error and that of back-propagation; the log, of a single image, as open markers.", "name": "fig-learned-feedback-sent"}}
sent = stored.curves(learned, "sent_angle_seeds")
figure = plot_measured(sent, "degrees")
akrout.mark_log(figure, learned, looks, "sent_angle")

# %% [markdown]
# After the last epoch, in degrees, and what the decay does:

# %% tags=["hide-input"]
akrout.judge_angles({"matrix": matrices, "sent": sent})
akrout.judge_log_of_matrices(stored, {"FA": "fa", "KP": "kp", "WM": "wm"})
akrout.judge_decay(stored, matrices)

# %% [markdown]
# - **FA** moves its weights alone. They align to 29 degrees in some ten epochs. Then the angle widens, to 42 degrees by epoch 160, and narrows a little again, to 40, while the error goes on falling: what is learned after the first epochs is for the most part not along $B$.
# - **KP without decay** keeps the difference of the two matrices and closes the angle all the same, to a few degrees: both outgrow it.
# - **KP with decay** closes it to a fraction of a degree, as the equations say. What it sends is then the true gradient, all but exactly. So the price should be one of the decay itself and not of the feedback: the network no longer fits its training images, and train and test error end above 4 percent. BP with the same decay was not run beside it. A smaller one closes the angle more slowly: one of the commands below.
# - **WM** starts from 84 degrees, for its mirrors have seen noise before. It closes more slowly than KP, under a smaller rate. After 400 epochs it is 0.2 degrees above KP without decay and still falling faster: that they meet here is a matter of when the run ends.
# - **What is sent** follows the matrix to within two degrees, but for WM's first epochs, where it is up to ten degrees smaller.
# - **The log** of the matrices lies on our curves: every angle of FA, KP and WM is where one more seed would lie. What it has of the error that is sent is of one image, and wanders.
#
# **In sum.** Yes: nobody copies a weight, and at the end both rules have matrices much nearer to the transposed weights than FA's, and errors next to those of BP. Neither comes for free: the one hands the way back what both ends of each connection know, the other sends noise through every layer. All of this is one hidden layer, and so one matrix.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Less decay: `.venv/bin/papermill notebooks/learned_feedback.ipynb out.ipynb -p weight_decay 0.0001`
# - Two hidden layers, so that a learned matrix hears of another one: `.venv/bin/papermill notebooks/learned_feedback.ipynb out.ipynb -y "hidden_sizes: [200, 200]"`
# - Other images: `.venv/bin/papermill notebooks/learned_feedback.ipynb out.ipynb -p dataset fashion_mnist`
#
# The stored run again, and the command that puts it in its place. On one core of a processor it takes some ten hours, as 40 epochs took a little over one; with a `checkpoint_dir` in the profile it can be broken off, and goes on where it stood:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/learned_feedback.py learned.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 90000
# .venv/bin/python book/tools/store.py notebook learned.ipynb learned_feedback/mnist
# ```
#
# **Fill in.** One step of Kolen-Pollack moves the weights and the matrix beside them. Write both, and run the two cells.


# %% tags=["exercise"]
def both(weights, matrix, gradient, rate, decay):
    """Return the weights and the feedback matrix after one step, a list."""
    ...  # weights and gradient are (units, above), matrix (above, units)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

W, G = np.array([[1.0, 2.0], [0.0, 4.0]]), np.array([[1.0, 0.0], [2.0, -1.0]])
B = np.array([[2.0, 1.0], [1.0, 0.0]])
check_exercise(
    both,
    [((W, B, G, 0.5, 0.2), [W * 0.9 - 0.5 * G, B * 0.9 - 0.5 * G.T])],
    {
        "the matrix does not decay": lambda W, B, G, r, d: [
            (1 - r * d) * W - r * G,
            B - r * G.T,
        ],
        "nothing decays": lambda W, B, G, r, d: [W - r * G, B - r * G.T],
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def both(weights, matrix, gradient, rate, decay):
#     kept = 1 - rate * decay
#     return [kept * weights - rate * gradient, kept * matrix - rate * gradient.T]
# ```
#
# </details>
#
# **Fill in.** A mirror without bias and without activation sees the noise `x`. What does its matrix gain?


# %% tags=["exercise"]
def gained(weights, x, rate):
    """Return what the feedback matrix gains, (units above, units)."""
    ...  # weights is (units, units above), x (samples, units)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

W, x = np.array([[1.0, 0.0, 2.0], [0.5, -1.0, 0.0]]), np.array([[0.1, -0.2]])
check_exercise(
    gained,
    [((W, x, 0.5), [[0.0, 0.0], [0.01, -0.02], [0.01, -0.02]])],
    {
        "that is for the weights, not for the way back": lambda W, x, r: (
            r * (x.T @ (x @ W))
        ),
        "nobody may copy the weights": lambda W, x, r: r * W.T,
    },
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def gained(weights, x, rate):
#     return rate * (x @ weights).T @ x
# ```
#
# With $x$ of mean zero and variance $\sigma^2$, the mean of $x^{\mathsf T} x$ is $\sigma^2$ times the identity, for each sample: on average the matrix gains the transposed weights, times a number.
#
# </details>
#
# **Exercise.** Without decay, KP keeps the difference $W - B^{\mathsf T}$ as it was drawn, and yet its angle closes. Would it close in a network that has learned all it can, and whose weights stand still?
#
# <details><summary>Answer</summary>
#
# No. The angle closes because both matrices grow by the same steps while their difference keeps its length. Where the weights no longer move, nothing changes any more. With decay the difference goes on shrinking.
#
# </details>
#
# ## Further reading
#
# - Akrout et al. (2019), *Deep Learning without Weight Transport*, [arXiv:1904.05391](https://arxiv.org/abs/1904.05391), and the [released code](https://github.com/makrout/Deep-Learning-without-Weight-Transport) with its logs
# - Kolen, Pollack (1994), *Backpropagation without Weight Transport*, IEEE World Congress on Computational Intelligence
# - Lillicrap et al. (2016), *Random synaptic feedback weights support error backpropagation for deep learning*, [Nature Communications 7:13276](https://doi.org/10.1038/ncomms13276)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
