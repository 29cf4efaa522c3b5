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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/root2116/direct-feedback-alignment/blob/main/notebooks/lazy_or_rich.ipynb)

# %% [markdown]
# # Make a network lazy
#
# One number decides how far the hidden layers of a network move while it learns; where they hardly move, DFA has only its last layer to learn with.
#
# **The question.** DFA works because [the weights move until the feedback fits them](alignment.ipynb). What is left of it where the weights hardly move?
#
# **What you will see**
#
# - how far the activities of the last hidden layer travel under four kinds of feedback, as the output is scaled;
# - that DFA in a lazy network, the wider the more nearly, computes what the same network computes when only its last layer is trained, and that BP does not;
# - that FA does the one or the other, by whether its feedback knew the weights when training began.

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
hidden_sizes: list[int] = [100, 100]  # where the output scale is varied
widths: list[int] = [50, 100, 200]  # of all hidden layers, where it is not
output_scales: list[float] = [0.01, 0.3, 3.0]  # the smallest is lazy
learning_rate: float = 10.0  # of plain SGD, for a width and a scale of one
batch_size: int = 50  # samples in a mini-batch
num_epochs: int = 10  # passes over the training set
seeds: list[int] = [0, 1, 2]  # one network each
input_range: list[float] = [0.0, 0.25]  # what black and white become
train_samples: Optional[int] = 1000  # null is all
backend: str = "auto"  # auto, numpy, cupy or torch

# %% tags=["hide-input"]
from dfa_utils import Chapter

chapter = Chapter(globals())

# %% [markdown]
# ## The idea
#
# Let $f_\theta(x)$ be the logits of a network with parameters $\theta$, and $f_0$ those of the same network before training. We train
#
# $$
# g(x) = \frac{f_\theta(x) - f_0(x)}{\gamma}
# $$
#
# in the place of $f_\theta$: what the network has *learned* so far, divided by an **output scale** $\gamma$.
# Where $\gamma$ is small, a tiny change of the weights is a large change of $g$. So the network fits its images before its hidden layers have noticed: it is **lazy**, and nothing but a linear model of its parameters around their start (Chizat et al. 2019).
# Where $\gamma$ is large, the weights must travel far to be heard at the output, and the hidden layers learn features on the way: the network is **rich**.
#
# The gradient of a loss of $g$ with respect to $\theta$ has a factor $1/\gamma$, and what it moves is divided by $\gamma$ once more. So the rate has to be $\eta \gamma^2$ if $g$ is to move equally fast for each $\gamma$; Geiger et al. (2020) give the loss a factor to the same end.
# Our rules send $\partial\,\text{loss} / \partial g$ without the factor $1/\gamma$, which leaves a rate of $\eta \gamma$. It is also divided by the width, as more units move the output further.
#
# What is a rule's share in that linear model? Moving layer $l$ for one image changes the output for another one, but for the rate and the sign, by
#
# $$
# \langle h_{l-1}, h_{l-1}' \rangle \; \langle \delta_l^{\mathrm{BP}},\, \delta_l' \rangle
# $$
#
# where $\delta_l'$ is what the rule sent for the first image, and $\delta_l^{\mathrm{BP}}$ is what moves the output for the second.
# Under BP both are made of the same weights. Under DFA one is made of the weights and the other of a random $B$ that has nothing to do with them: in a wide layer they are nearly at right angles. In a rich network the weights align with $B$; in a lazy one they never do.
# For the last layer alone the rule does not matter: it is sent the error itself.
#
# ## What the paper did
#
# Bordelon and Pehlevan (2023) work this out for infinitely wide networks, for gradient descent, FA, DFA and two other ways of learning. From the paper we have its abstract and its introduction, which claim:
#
# 1. in the lazy limit DFA learns by the features of its last layer alone;
# 2. there FA uses earlier layers too, as far as its matrices were correlated with the weights at the start;
# 3. in the rich regime feature learning is *greater* where that correlation was smaller.
#
# How wide, on what data and for how long the finite networks of the paper were trained is not known to us, nor how it scales layers. Here two hidden layers of tanh units of some tens to some hundreds are trained on a small part of the digits by plain SGD. A correlation is zero, or one: with `copied` matrices FA starts with its network's own weights, transposed.
#
# The network, whole. Its hidden layers start as usual. Images are dimmed and the first layer's weights enlarged by as much, so that this layer computes the same but takes smaller steps: with bright images it would move far more than the others.

# %%
from dfa_utils.studies.lazy import Learned, distance

chapter.show(Learned.forward, distance)

# %% [markdown]
# All ways of learning begin with the same weights and see the same images in the same order.
# In one of them nothing but the last layer is trained; for that the rule does not matter.

# %%
from dfa_utils import Network, UniformFanIn, load_dataset

inputs = {"input_range": input_range, "train_samples": train_samples}
data = load_dataset(dataset, backend=chapter.backend, **inputs)

# %%
from dfa_utils import BP, DFA, FA, SGD, Recipe, Run

ways = {"last": BP(), "bp": BP(), "fa": FA()}
ways |= {"copied": FA(copied=True), "dfa": DFA()}


def train(way, sizes, scale):
    """Return the trained networks of one way, one shape and one scale."""
    plain = Network.between(data, sizes)
    first = UniformFanIn(1 / input_range[1])
    start = plain.draw(seeds, UniformFanIn(), None, first, chapter.backend)
    moves = SGD(learning_rate * scale / sizes[0])
    recipe = Recipe(ways[way], moves, "cross_entropy", batch_size=batch_size)
    frozen = range(len(sizes)) if way == "last" else ()
    network = Learned(plain.sizes, start=start, output_scale=scale)
    run = Run(network, recipe, data, seeds, params=start, frozen=frozen)
    return run.fit(num_epochs)


# %% [markdown]
# At each point of a sweep we keep, for every way and on the test images: the error; the distance of the activities of the last hidden layer from where they started; and the distances of the outputs from those of the last layer alone and from those of BP.
#
# ## How a claim is judged
#
# The runs of this page are small. Beside them stands a stored run of this very notebook with wider networks, more images and more seeds, by which claims are judged.
# What counts was fixed before that run; *clearly* means by more than twice the standard deviation over the seeds:
#
# - **lazy**: from each output scale to the next smaller one the last hidden layer moves clearly less;
# - claim 1: at the smallest scale the outputs of DFA come clearly closer to those of the last layer alone from the narrowest to the widest networks, and in the widest they are clearly closer than those of BP;
# - claim 2: the same holds for FA with matrices of its own, while FA with copied ones gives the outputs of BP, to one part in a hundred at every width, in every seed;
# - claim 3: at the largest scale the last hidden layer moves clearly further under FA with matrices of its own than with copied ones;
# - **rich**: at the largest scale the test error of DFA is clearly below that of the last layer alone.
#
# With few seeds a standard deviation is itself known poorly.

# %%
from dfa_utils.chapter import verdicts

stored = verdicts.StoredRun("lazy_or_rich/mnist")
stored.show_parameters(chapter.parameters)

# %% [markdown]
# ## The output scale
#
# One network, all ways, all scales:

# %%
from dfa_utils.studies.lazy import record_comparisons

points = ({w: train(w, hidden_sizes, s) for w in ways} for s in output_scales)
by_scale = record_comparisons("scale", points)

# %% mystnb={"image": {"alt": "Relative movement of the last hidden layer against the output scale, both logarithmic, with a line for BP, FA, FA with copied matrices and DFA. All lines rise from left to right."}, "figure": {"caption": "Stored run: how far the activities of the last hidden layer move while the network learns, in units of their size at the start.", "name": "fig-lazy-moved"}}
from dfa_utils.figures import plot_against

names = {"BP": "bp", "FA": "fa", "FA, copied": "copied", "DFA": "dfa"}
scales, many = (stored.parameters[k] for k in ("output_scales", "widths"))
moved = stored.curves(names, "moved", "scale_")
axes = "output scale", "relative movement"
figure = plot_against(scales, moved, *axes, logarithmic=True)

# %% [markdown]
# To the left the activities move in proportion to the scale, and in the limit not at all. These networks learn nevertheless:

# %% mystnb={"image": {"alt": "Test error against the output scale, both logarithmic, for BP, FA, FA with copied matrices, DFA and the last layer alone. The line of the last layer alone is flat. At the small scales BP and FA with copied matrices lie together, well below it, and FA and DFA slightly above it. At the two largest scales all four are far below it, BP the lowest."}, "figure": {"caption": "Stored run: test error after the last epoch.", "name": "fig-lazy-errors"}}
everyone = names | {"last layer alone": "last"}
errors = stored.curves(everyone, "error", "scale_")
axes = "output scale", "test error (%)"
figure = plot_against(scales, errors, *axes, logarithmic=True)

# %% [markdown]
# A network of which only the last layer learns is a linear model already, and the scale cancels from it.
#
# ## The width
#
# Now the scale stays at its smallest, and the layers become wider:

# %%
lazy, depth = min(output_scales), len(hidden_sizes)
points = ({w: train(w, [n] * depth, lazy) for w in ways} for n in widths)
by_width = record_comparisons("width", points)

# %% mystnb={"image": {"alt": "Distance of the outputs from those of the network whose last layer alone is trained, against the width, both logarithmic. The lines of FA and DFA fall from left to right; those of BP and of FA with copied matrices lie on one another, far above."}, "figure": {"caption": "Stored run: distance of the outputs from those of the network of which only the last layer learns, in units of their size, at the smallest output scale.", "name": "fig-lazy-distance"}}
near = stored.curves(names, "from_last", "width_")
axes = "units in a layer", "relative distance"
figure = plot_against(many, near, *axes, logarithmic=True)

# %% [markdown]
# The same distances in the live run, mean and standard deviation over the seeds, from the narrowest to the widest networks:

# %% tags=["hide-input"]
from dfa_utils.studies.lazy import judge_claims, show

for name, way in names.items():
    print(
        f"{name:12}",
        *map("{:15}".format, map(show, by_width[f"{way}_from_last"])),
    )

# %% [markdown]
# ## What we see
#
# The claims, by the stored run:

# %% tags=["hide-input"]
judge_claims(stored, names)

# %% [markdown]
# - **Lazy.** Under each kind of feedback the last hidden layer moves less the smaller the scale, at the left end in proportion to it.
# - **The last layer alone.** The wider the lazy networks, the closer DFA comes to what its last layer learns alone, while BP stays far away: its distance falls too, but slowly, and in the widest networks it is still nearly as large as the outputs. It is a limit: in the widest networks a distance is left, and in the narrowest the hidden layers have a share that does harm, as the test errors say. The distance falls faster than one over the root of the width, by which random vectors approach a right angle. A likely reason, not measured here: the images do not widen with the network, so the share of the first layer falls faster than that of the second.
# - **FA is between the two.** With matrices of its own it goes the way of DFA. With the weights copied it is BP, but for a distance that falls with the width: in the narrowest networks it is above the bound that we had set for all widths, so by our rule this claim fails there.
# - **Less correlation, more movement** is not seen clearly: at the largest scale FA with matrices of its own moves further in the mean, but by a difference that just misses our bound. Width, training time and measure of movement are ours and not the paper's, so this is no evidence against it.
# - **Rich.** At the largest scale DFA has left the last layer far behind. It is clearly ahead at the two largest scales only: at the one below them the last hidden layer already moves by a good part of its size, and is of no clear use yet.
#
# So it is no property of DFA to have use of its hidden layers, or not to: in networks that are wide and lazy it has none, nor has FA with matrices of its own. In both the weights must have travelled first. BP has use of them even there, although in the lazy limit no rule learns new features.
#
# ## What to try next
#
# Each is one line for a terminal in the repository, after `make book` has made the environment:
#
# - Richer still: `.venv/bin/papermill notebooks/lazy_or_rich.ipynb out.ipynb -y "output_scales: [1.0, 10.0, 30.0]"`
# - One hidden layer: `.venv/bin/papermill notebooks/lazy_or_rich.ipynb out.ipynb -y "hidden_sizes: [100]"`
# - Other images: `.venv/bin/papermill notebooks/lazy_or_rich.ipynb out.ipynb -p dataset fashion_mnist`
#
# **Exercise.** With one hidden layer FA and DFA give the same outputs to the last digit. Why, and which of the two claims above is then empty?
#
# <details><summary>Answer</summary>
#
# There is one feedback matrix, from the outputs to the only hidden layer; FA and DFA draw it from the same stream of random numbers, and send the same through it.
# Then the claims on DFA and on FA without correlation are one claim.
#
# </details>
#
# **Fill in.** What a rule does is what its features do. The **kernel** of a layer holds the inner products of the activities of each two images, and a lazy network keeps it. Write how far it has moved.


# %% tags=["exercise"]
def kernel_change(now, then):
    """Return the size of the change of the kernel, relative to its size."""
    ...  # now and then are activities, (images, units)


# %% tags=["hide-input", "exercise-check"]
import numpy as np
from dfa_utils import check_exercise

then = np.array([[1.0, 0.0], [0.0, 1.0]])
now, turned = np.array([[2.0, 0.0], [0.0, 1.0]]), then[::-1]


def of_activities(now, then):
    return np.linalg.norm(now - then) / np.linalg.norm(then)


check_exercise(
    kernel_change,
    [((now, then), 3 / np.sqrt(2)), ((turned, then), 0.0)],
    {"that is the change of the activities": of_activities},
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def kernel_change(now, then):
#     kernels = now @ now.T, then @ then.T
#     return np.linalg.norm(kernels[0] - kernels[1]) / np.linalg.norm(kernels[1])
# ```
#
# In the second case the units have changed places: all activities have moved, and no image is nearer to another than it was.
#
# </details>
#
# **Fill in.** The share of one layer in the linear model of two images, as in the equation above, for a rule that sends $\delta'$ where BP would send $\delta^{\mathrm{BP}}$.


# %% tags=["exercise"]
def share(h, h_other, true, sent_other):
    """Return how far a step for the other image moves this one's output."""
    ...  # h are inputs of the layer (units below,), the rest (units,)


# %% tags=["hide-input", "exercise-check"]
h, h_other = np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 1.0])
true, across = np.array([1.0, 1.0]), np.array([1.0, -1.0])
check_exercise(
    share,
    [((h, h_other, true, true), 6.0), ((h, h_other, true, across), 0.0)],
    {"that is BP's share": lambda h, o, true, _: (h @ o) * (true @ true)},
)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def share(h, h_other, true, sent_other):
#     return (h @ h_other) * (true @ sent_other)
# ```
#
# Where what is sent is at a right angle to the true error, the layer has no share, however large its step.
#
# </details>
#
# ## Further reading
#
# - Bordelon and Pehlevan (2023), *The Influence of Learning Rule on Representation Dynamics in Wide Neural Networks*, [arXiv:2210.02157](https://arxiv.org/abs/2210.02157)
# - Chizat, Oyallon and Bach (2019), *On Lazy Training in Differentiable Programming*, [arXiv:1812.07956](https://arxiv.org/abs/1812.07956)
# - Geiger et al. (2020), *Disentangling feature and lazy training in deep neural networks*, [arXiv:1906.08034](https://arxiv.org/abs/1906.08034), and [its code](https://github.com/mariogeiger/feature_lazy)
#
# ## Provenance

# %% tags=["hide-input", "nbval-ignore-output"]
chapter.provenance()
