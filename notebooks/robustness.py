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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/robustness.ipynb)

# %% [markdown]
# # Try to fool the networks
#
# Networks that were trained in six ways are shown images that are changed a little to fool them, by attackers who know nothing, the rule's own feedback, or the weights.
#
# **The question.** Networks trained without weight transport are said to be harder to fool. Are they, or does only the attack fail that goes through their feedback?
#
# **What you will see**
#
# - test errors under six attacks against epsilon, beside random changes of the same size;
# - how far what a rule would send to the image is from the gradient;
# - images that were made on one network, shown to another.

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
sgd_rates: list[float] = [0.1, 0.3]  # learning rates to choose from
batch_size: int = 64  # samples in a mini-batch
num_epochs: int = 5  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 1.0]  # what black and white become
train_samples: Optional[int] = 4000  # null is all
validation_samples: int = 2000  # the last training images, to choose by
attack_epsilons: list[float] = [0.02, 0.05, 0.15, 0.3]  # how far a pixel may go
judged_epsilon: float = 0.08  # that by which claims are judged
attack_steps: int = 5  # of the attacks that take several
attacked_samples: int = 500  # how many test images are attacked
backend: str = "auto"  # auto, numpy, cupy or torch
checkpoint_dir: Optional[str] = None  # folder of checkpoints; null is off

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# The **fast gradient sign** (Goodfellow et al. 2015) moves each pixel of an image $x$ by $\varepsilon$, in the direction in which the loss $L$ grows:
#
# $$
# x' = \operatorname{clip}\bigl(x + \varepsilon \operatorname{sign} g\bigr), \qquad g = \frac{\partial L}{\partial x} = \delta_1^{\mathrm{BP}}\, W_1^{\mathsf T}
# $$
#
# Each pixel moves by little, all of them together move the logits by much. Here pixels stay between black and white.
# Several smaller steps, each brought back to within $\varepsilon$ of $x$, make a stronger attack (Madry et al. 2018).
#
# Whoever has the weights has $g$. A network that learns without weight transport has no $g$ anywhere in it: what runs back through its feedback is another thing. An attack that takes *that* for the gradient may fail, and a network may seem robust while its weights are as easy to fool as any. The gradient is then **masked** (Athalye et al. 2018): the attack is weak, not the network strong.
#
# ## What the paper did
#
# Akrout (2019) attacks networks trained by BP and by FA on MNIST and CIFAR-10 with attacks that follow gradients. By the abstract, those of FA are far harder to fool on MNIST, with 98 % of the images right under attack against 0.03 %, and somewhat so on CIFAR-10; what fools them does not fool others; and this is called actual robustness. The introduction says why that is expected: attacks need good gradients, and those of the feedback path are rough.
# That is what we have read: the abstract and the beginning of the introduction. Networks, steps and the row of epsilons are not known to us. In the [library](https://github.com/jsalbert/biotorch) that the author took part in later (Sanfiz, Akrout 2021) the way of the attack is plain: the gradient by the image of a network under FA is the error of its first layer times that layer's own feedback matrix, and of one under DFA the output error times a random matrix that is as wide as the image.
#
# That is what we call **the rule's own way**: the image counts as one more layer, and is sent what the rule would send a layer at that place.
#
# | rule | what the image is sent by the rule's own way | the matrix to the image |
# | --- | --- | --- |
# | **BP** | $\delta_1 W_1^{\mathsf T}$, the gradient | none |
# | **KP** | $\delta_1 B_1$ | begins random, takes the steps of $W_1^{\mathsf T}$ |
# | **SS** | $\delta_1 (M_1 \odot \operatorname{sign} W_1^{\mathsf T})$ | one magnitude for all |
# | **FA** | $\delta_1 B_1$ | random, fixed |
# | **DFA** | $e\, B_0$ | random, fixed |
# | **last layer** | nothing | none |
#
# The matrix to the image has no part in training: nothing below it learns, so no weights come to fit it. For FA and DFA it might be drawn after training, and it is as good as that. So we expect their own way to be no better than random signs.
#
# Between the two lies an attacker who knows the rule and the first weights alone: **half the way**, $\delta_1 W_1^{\mathsf T}$ with the error $\delta_1$ that the rule itself sends to the first hidden layer. There feedback and weights *have* come to fit.
#
# The attack, whole, and how the image becomes a layer:

# %%
from dfa_utils.studies import attacks, attacks_report

chapter.show(attacks.input_gradient, attacks.moved, attacks.Onward.send_image)

# %% [markdown]
# ## What is fixed before any number is seen
#
# 1. **Attacks**, of the same epsilon: *random signs*; the rule's *own way*, *half the way* and *the gradient*, one step each; the gradient of the loss in *several steps*; and several steps along the *margin*, the largest other logit less that of the true class. The margin's gradient does not vanish where a network is sure of itself, so a network that is merely sure cannot hide behind it.
# 2. **The worst of all** counts an image as wrong if it is wrong without a change, or under any attack that needs no rule: random signs, one step, several, margin.
# 3. **A rule is harder to fool than BP** if the worst of all leaves it a lower test error at `judged_epsilon`, seed by seed, by more than twice the deviation over the seeds. It **looks** harder to fool if the same is so under the own way of each. If both are true the paper's claim holds here; if only the second is, the gradient is masked.
# 4. **Nothing hides the gradient itself** if, in every seed, several steps fool no fewer images than one (the better of loss and margin), the gradient fools more than random signs, no gradient is zero, and the largest epsilon leaves fewer than one image in twenty right.
# 5. **`judged_epsilon`** was set by networks under BP alone, so that the worst of all lies far from none and from all of the validation images. It is also the epsilon of Nøkland's adversarial training.
# 6. The learning rate of each rule is chosen by the error of one network on validation images without attacks. All rules start from the same weights.
#
# ## The experiment

# %%
from dfa_utils import SGD, Network, Recipe, Run, figures, load_dataset, record
from dfa_utils.studies import family as kin

held = {"input_range": input_range, "validation_samples": validation_samples}
held |= {"train_samples": train_samples, "backend": chapter.backend}
data = load_dataset(dataset, **held)
network = Network.between(data, hidden_sizes, activation)
victims, aim = attacks.victims(), (input_range, attacked_samples)
follow = {"fooled": attacks.fooled(judged_epsilon, *aim)}


# %%
def fit(name, rate, which, **measure):
    """Train networks, and follow what one step along the gradient does."""
    recipe = Recipe(victims[name], SGD(rate), batch_size=batch_size)
    still = set(range(len(hidden_sizes))) if name == kin.ALONE else ()
    run = Run(network, recipe, data, which, frozen=still, **kin.START)
    kept = chapter.checkpoint(f"robustness_{name}_{rate}_{len(which)}")
    return run.fit(num_epochs, measure=measure, checkpoint=kept)


# %%
from functools import partial

from dfa_utils.chapter.selection import choose

(row, place), runs, found = attacks.row_of(chapter.parameters), {}, {}
for name in victims:
    rate = choose(partial(fit, name, which=seeds[:1]), sgd_rates)
    run = runs[name] = fit(name, rate, seeds, **follow)
    under = attacks.errors_under_attack(run, row, attack_steps, *aim)
    ends = attacks.at_the_images(run, attacked_samples) | {"rate": rate}
    found[name] = attacks_report.record_attacks(name, run, under, ends, place)
record("attacked", found)

# %%
record("passed_on", attacks.transfers(runs, judged_epsilon, *aim))

# %% [markdown]
# ## What we see
#
# ### One image
#
# From the live run: the first test image that the first network of every rule gets right as it is, at the largest epsilon but one. Below each stands what the network calls it, in bold where that is wrong. The rows are no attack, random signs, the own way, half the way, one step along the gradient, several, and several along the margin.

# %% mystnb={"image": {"alt": "A grid of pictures of one handwritten digit: a column for each rule, a row for each attack, the first without one. The changed pictures look like the first with a faint grey pattern. Below each stands the class that the network finds."}, "figure": {"caption": "Live run: one test image under each attack, for the network of each rule.", "name": "fig-robustness-pictures"}}
shown, truth = attacks.pictures(runs, row[-2:][0], attack_steps, input_range)
figure = figures.plot_pictures(shown, input_range, truth)

# %% [markdown]
# ### Errors against epsilon
#
# What follows is from a stored run of this notebook, with more images, seeds, epochs and steps. In the place of the numbers above it had:

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("robustness/mnist")
stored.show_parameters(chapter.parameters)
kept, passed = (stored.records[k] for k in ("attacked", "passed_on"))
epsilons, judged = attacks.row_of(stored.parameters)

# %% mystnb={"image": {"alt": "Four panels of test error against epsilon, with a curve for each rule. Under random signs all curves rise late. Under the own way of each rule the curves of BP, KP and SS rise steeply, while those of FA and DFA look as under random signs. Under one step along the gradient, and under the worst of all, the curves of all five rise steeply, and that of the last layer alone before them."}, "figure": {"caption": "Stored run: test error under four attacks against epsilon.", "name": "fig-robustness-epsilon"}}
panels, axes = attacks_report.panels_of(kept), ("epsilon", "test error (%)")
figure = figures.plot_panels_against([0, *epsilons], panels, *axes)

# %% [markdown]
# The same at `judged_epsilon`, mean and sample standard deviation over the seeds, in percent:

# %% tags=["hide-input"]
from IPython.display import Markdown

Markdown(attacks_report.attack_rows(kept, judged))

# %% [markdown]
# And the verdicts by the rules above:

# %% tags=["hide-input"]
attacks_report.judge_attacks(kept, judged)

# %% [markdown]
# ### Why the rule's own way fails
#
# At the test images as they are: the *angles* between what the two attacks follow and the gradient; how large the *slope* of the loss is, summed over the pixels; for how many images it is *zero*; and how far the border is, the *distance*: for the median image that is classified rightly, the epsilon at which it would be no more, if the network were linear.

# %% tags=["hide-input"]
Markdown(attacks_report.end_rows(kept))

# %% [markdown]
# ### Does anything hide the gradient itself?

# %% tags=["hide-input"]
attacks_report.judge_checks(kept, judged)

# %% [markdown]
# ### Is it a matter of how much was learned?
#
# A network that has learned less may be easier or harder to fool for that alone. The test error without an attack and under one step along the gradient, at `judged_epsilon`, epoch by epoch:

# %% mystnb={"image": {"alt": "Two panels against the epoch, with a curve for each rule. Without an attack all errors fall, that of the last layer alone far above the others. Under one step along the gradient the errors drop in the first epoch and then stay at about the same height or rise, that of KP the lowest at the end; the last layer alone stays near the top."}, "figure": {"caption": "Stored run: test error under one step along the gradient, and without an attack, against the epoch.", "name": "fig-robustness-epochs"}}
courses = attacks_report.courses_of(stored)
figure = figures.plot_measured(courses, "error (%)", attacks_report.COURSES)

# %% [markdown]
# ### Are others fooled too?
#
# Images that were made by one step on a network (rows), shown to a network of another seed (columns): test error in percent. Below stands, for comparison, that of random signs.

# %% tags=["hide-input"]
Markdown(attacks_report.transfer_rows(passed["gradient"], kept, judged))

# %% [markdown]
# The same for images that were made by the own way of each rule:

# %% tags=["hide-input"]
Markdown(attacks_report.transfer_rows(passed["own"], kept, judged))

# %% tags=["hide-input"]
attacks_report.judge_transfers(passed, kept, judged)

# %% [markdown]
# ### At one learning rate for all
#
# In the stored run the rate that validation chose for BP is smaller than that of the others. So this was asked after its numbers were seen: the same run with the rate of BP for all rules. The errors at the smallest epsilon come first, then those at `judged_epsilon`, and the same verdicts.

# %% tags=["hide-input"]
other = verdicts.StoredRun("robustness/mnist_one_rate").records["attacked"]
Markdown("\n\n".join(attacks_report.attack_rows(other, k) for k in (0, judged)))

# %% tags=["hide-input"]
attacks_report.judge_attacks(other, judged, "one_rate_")

# %% [markdown]
# ### In short
#
# - **FA and DFA look hard to fool, and are not.** By their own way hardly more images are wrong than by random signs, at every epsilon. Along the gradient they are fooled like BP: by the worst of all, at `judged_epsilon` in the first run, FA and SS are clearly *easier* to fool, FA by no more than its error without an attack is higher, and DFA neither one nor the other. So an attack through the feedback gives here what the paper reports, and what it says is that the attack is weak. The gradient is masked from an attacker who has only the feedback, not from one who has the weights.
# - **The reason is an angle.** What the rule's own way follows is at a right angle to the gradient under FA and DFA: the matrix to the image is one that nothing has come to fit. One matrix makes the difference. With the first weights in its place, half the way, the angle is small, and one step fools fewer images than one along the gradient only by some points. Elsewhere in this book alignment is what makes feedback useful for learning; here it serves the attacker as well.
# - **Feedback that knows the weights gives them away.** Matrices that take the steps of the weights (KP), or their signs (SS), lead to the image too, and what they send there is near the gradient.
# - **One step is a poor judge, even with the true gradient.** Of the rules, KP alone is clearly harder to fool than BP in the first of the two runs, and by little: one step fools far fewer of its images, several steps take back most of that, along the margin all that is clear, and the rest is about as much as its error without an attack is lower.
# - **The true differences are small, and hang on the learning rate and on epsilon.** At BP's rate KP is no longer harder to fool, FA and SS are no longer easier, and DFA clearly is harder, at `judged_epsilon`. But at that rate it has learned less: without an attack its error is higher than BP's by several points, and at the smallest epsilon more of its images are wrong than of BP's along the gradient, too. So by our rule the paper's claim holds for KP in the first run and for DFA in the second, for neither in both, and by a few points where the own way of FA and DFA makes tens.
# - **Random layers protect nobody.** With the last layer alone the border is closest and, up to `judged_epsilon`, the error under any true attack the highest by far; at the largest epsilon nearly all images of all rules are wrong.
# - **Nothing hides the gradient itself.** All checks hold in the first run: no slope is zero, several steps fool no fewer than one, and the largest epsilon leaves almost nothing right.
# - **To learn more is not to be harder to fool.** After the first epoch the error without an attack goes on falling on the whole, while that under one step along the gradient clearly rises with SS, FA and DFA; with BP it ends higher in the mean and with KP lower, neither clearly. By one step DFA lies, in the mean, a little below BP in the first epochs and a little above it at the end, where by the worst of all the two are not told apart. That fits the run at one rate, in which the rules with the higher errors are at an earlier point of such a course; that this is the reason we have not measured.
# - **What fools one fools others**, if it was made along the gradient. Between BP and each of the other four rules that send something, in either direction and between networks of different seeds, such images are classified wrongly several times as often as after random signs. Images made by the own way of FA and DFA fool nobody, the network they were made on included. That is what "not transferable" comes to here.
#
# An attacker who can read the feedback and no weights does fail on FA and DFA. As a defence that is worth what the secrecy of the weights is worth, and not even that: images made on a network of the attacker's own fool them without any look at theirs.
#
# Five seeds, one small network with tanh, a part of the images, changes of each pixel by at most epsilon, and no training against attacks: this says nothing of the convolutional networks and of CIFAR-10. Of the paper's own networks we know too little to say that theirs were no harder to fool; its kind of attack could not have told.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Clothes: `.venv/bin/papermill notebooks/robustness.ipynb out.ipynb -p dataset fashion_mnist`
# - Units that pass nothing on at zero: `.venv/bin/papermill notebooks/robustness.ipynb out.ipynb -p activation relu`
# - Deeper networks, in which the rules' errors differ more: `.venv/bin/papermill notebooks/robustness.ipynb out.ipynb -y "hidden_sizes: [100, 100, 100, 100]"`
#
# The stored run again, and the command that puts it in its place:
#
# ```bash
# .venv/bin/python book/tools/execute.py notebooks/robustness.py robust.ipynb \
#     --profile book/profiles/paper.yml --cell-timeout 36000
# .venv/bin/python book/tools/store.py notebook robust.ipynb robustness/mnist
# ```
#
# That at one rate is the same with `sgd_rates: [0.1]` in the profile, and ends up in `robustness/mnist_one_rate`.
#
# **Exercise.** The own way of DFA changes two images of the same class that the network is sure of in nearly the same manner. Why?
#
# <details><summary>Answer</summary>
#
# It follows the signs of $e\, B_0$. For two images of a class the entries of the output error $e$ have the same signs, and the largest are often at the same classes, so that the sums over the classes have mostly the same signs too.
# The gradient goes through the slopes of the hidden units and differs from image to image.
#
# </details>
#
# **Fill in.** One step of the fast gradient sign: pixels are between 0 and 1, and stay there.


# %% tags=["exercise"]
def fast_gradient_sign(images, gradient, epsilon):
    """Return the changed images, (images, pixels)."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

images = np.array([[0.0, 0.5, 1.0, 0.2]])
slopes = np.array([[-3.0, 0.2, 1.0, -0.1]])
wrong = {
    "pixels leave the range": lambda x, g, e: x + e * np.sign(g),
    "the sign is missing": lambda x, g, e: np.clip(x + e * g, 0, 1),
    "the loss falls": lambda x, g, e: np.clip(x - e * np.sign(g), 0, 1),
}
cases = [((images, slopes, 0.1), [[0.0, 0.6, 1.0, 0.1]])]
check_exercise(fast_gradient_sign, cases, wrong)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def fast_gradient_sign(images, gradient, epsilon):
#     return np.clip(images + epsilon * np.sign(gradient), 0, 1)
# ```
#
# </details>
#
# **Fill in.** Of networks of several seeds you have the errors under the attack that they show and under one with the true gradient. Return 1 if the first hides how easily they are fooled, by the rule of this chapter: the difference, seed by seed, is in the mean more than twice its sample standard deviation. Else 0.


# %% tags=["exercise"]
def is_masked(shown, true):
    """Return 1 or 0; both are (seeds,), errors in percent."""
    ...


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

first = np.full(3, 10.0), np.array([12.0, 14.0, 16.2])
second = np.array([10.0, 30.0, 50.0]), np.array([31.0, 52.0, 69.0])
third = np.full(3, 20.0), np.array([25.0, 20.0, 21.0])
wrong = {
    "that is no sample deviation": lambda s, t: (
        np.mean(t - s) > 2 * np.std(t - s)
    ),
    "a mean above zero is not enough": lambda s, t: np.mean(t - s) > 0,
    "the seeds belong together": lambda s, t: np.mean(t - s) > 2 * np.std(t),
}
check_exercise(is_masked, [(first, 0), (second, 1), (third, 0)], wrong)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def is_masked(shown, true):
#     change = np.subtract(true, shown)
#     return int(np.mean(change) > 2 * np.std(change, ddof=1))
# ```
#
# </details>
#
# ## Further reading
#
# - Akrout (2019), *On the Adversarial Robustness of Neural Networks without Weight Transport*, [arXiv:1908.03560](https://arxiv.org/abs/1908.03560)
# - Sanfiz, Akrout (2021), *Benchmarking the Accuracy and Robustness of Feedback Alignment Algorithms*, [arXiv:2108.13446](https://arxiv.org/abs/2108.13446)
# - Goodfellow, Shlens, Szegedy (2015), *Explaining and Harnessing Adversarial Examples*, [arXiv:1412.6572](https://arxiv.org/abs/1412.6572)
# - Madry et al. (2018), *Towards Deep Learning Models Resistant to Adversarial Attacks*, [arXiv:1706.06083](https://arxiv.org/abs/1706.06083)
# - Athalye, Carlini, Wagner (2018), *Obfuscated Gradients Give a False Sense of Security*, [arXiv:1802.00420](https://arxiv.org/abs/1802.00420)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
