"""Images that are changed to fool a network: along its gradient, and along what its rule sends."""

import math
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np

from dfa_utils.array import NormalNoise, Stream, generators_for, namespace_of
from dfa_utils.array.functions import unit_rows
from dfa_utils.losses import LOSSES, Loss
from dfa_utils.noise import FastGradientSign, input_gradient
from dfa_utils.rules import BP, Rule, Step
from dfa_utils.studies.family import ALONE, everyone
from dfa_utils.validation import check, refuse

#: Of the family, who is attacked: one for each thing that a layer may be told, and the baseline.
ATTACKED = ("BP", "KP", "SS", "FA", "DFA", ALONE)
#: By the name of an attack, what it follows.
ATTACKS = {
    "noise": "random signs",
    "own": "the rule's own way",
    "half": "half the way",
    "gradient": "the gradient, one step",
    "steps": "the gradient, several steps",
    "margin": "the margin, several steps",
}
#: The worst of all attacks that need no rule, image by image.
WORST = "worst"
#: The attacks whose images are shown to others.
PASSED_ON = ("gradient", "own")
CHUNK = 1_000  # images at once: memory
REACH = 2.5  # how far several steps would go together, in epsilons, if all went one way


@dataclass(frozen=True)
class Onward(Rule):
    """A rule whose way back goes on, from the first hidden layer to the image.

    The image counts as the output of one more layer, with a slope of one, and is sent what the rule
    would send that layer: through a matrix of its own where the rule has one for each layer. If the
    rule's matrices learn, this one does too. The networks are trained as by the rule itself, to the
    bit but for matrices that learn from noise: nothing that learns is sent more.

    Parameters
    ----------
    feedback : Initialiser
        Of no meaning: matrices come from where those of ``rule`` come from.
    rule : Rule
        One that sends every layer an error from above.
    """

    rule: Rule = BP()
    name = property(lambda self: self.rule.name)

    def shapes(self, sizes):
        wider, own = self.rule.shapes((sizes[0], *sizes)), self.rule.shapes(sizes)
        if wider[len(wider) - len(own) :] != own or len(wider) - len(own) > 1:
            refuse("rule", "one with a matrix for each layer, or with none", self.rule.name)
        return wider

    def draw(self, rng, sizes, params):
        """Draw the rule's own matrices first: they are what they would be without the new one."""
        own, count = self.rule.draw(rng, sizes, params), len(self.shapes(sizes))
        if count == len(own):
            return own
        # What lies below an image is looked at by no rule.
        return [*self.rule.draw(rng, (sizes[0], *sizes), [params[0], *params])[:1], *own]

    def send(self, step):
        below = len(step.feedback) - len(self.rule.shapes(step.network.sizes))
        return self.rule.send(step._replace(feedback=step.feedback[below:]))

    def send_image(self, step):
        """Return what the images are sent, array (seeds, n, features)."""
        return self.rule.send(_with_image(step))[0]

    def adapt(self, step, errors, descend):
        self.rule.adapt(_with_image(step), [None, *errors], descend)


def _with_image(step):
    """Return a step in which the image is the output of one more layer."""
    forward = step.forward
    image, unit = forward.inputs[0], forward.activation

    def derivative(h):
        return namespace_of(h).ones_like(h) if h is image else unit.derivative(h)

    forward = forward._replace(
        inputs=[image, *forward.inputs],
        outputs=[image, *forward.outputs],
        activation=unit._replace(derivative=derivative),
        masks=[None, *forward.masks] if forward.masks else (),
    )
    frozen = frozenset(layer + 1 for layer in step.frozen)
    return step._replace(params=[step.params[0], *step.params], forward=forward, frozen=frozen)


def victims():
    """Return the rules of `ATTACKED` with a way to the image, dict of str to Onward."""
    rules = everyone()
    return {name: Onward(rule=rules[name]) for name in ATTACKED}


class Margin(Loss):
    """By how much the largest other logit is above that of the true class, (..., n).

    Unlike that of a loss, its derivative does not vanish where a network is sure.
    """

    def error(self, logits, targets):
        """Return the derivative with respect to the logits, of their shape."""
        return self.outputs(_without(logits, targets)) - targets


def _without(logits, targets):
    """Return logits among which that of the true class is the smallest."""
    xp = namespace_of(logits)
    return xp.where(targets > 0, xp.full_like(logits, -math.inf), logits)


def _largest(logits):
    """Return one where the largest logit is, and zero elsewhere."""
    xp = namespace_of(logits)
    classes = xp.arange(logits.shape[-1], device=logits.device)
    return xp.astype(xp.argmax(logits, axis=-1, keepdims=True) == classes, logits.dtype)


def _margin(logits, targets):
    """Return what `Margin` says of logits, (..., n)."""
    xp = namespace_of(logits)
    return xp.max(_without(logits, targets), axis=-1) - xp.sum(targets * logits, axis=-1)


MARGIN = Margin(_margin, _largest)


def moved(x, gradient, epsilon, limits, steps=1):
    """Move images along the signs of a gradient, each pixel by at most epsilon.

    Parameters
    ----------
    x : array (..., n, features)
    gradient : callable
        ``gradient(x)`` returns an array (seeds, n, features).
    epsilon : float
        In units of the pixels.
    limits : (float, float)
        What black and white are: no pixel leaves them.
    steps : int
        One is the fast gradient sign (Goodfellow et al. 2015). With several, each as long as that
        all of them would go 2.5 epsilons, they are projected back after each (Madry et al. 2018),
        and begin at the image itself.

    Returns
    -------
    array (seeds, n, features)
    """
    xp, steps = namespace_of(x), check("attack_steps", steps)
    size = epsilon if steps == 1 else REACH * epsilon / steps
    low, high = (xp.clip(x + way, *limits) for way in (-epsilon, epsilon))
    for _ in range(steps):
        x = FastGradientSign(size).step(x, gradient(x))
        x = xp.minimum(xp.maximum(x, low), high)
    return x


def row_of(parameters):
    """Return the epsilons of a notebook in their order, and the place of the judged one.

    Parameters
    ----------
    parameters : dict
        With ``attack_epsilons`` and ``judged_epsilon``, which is one of the row, given or not.

    Returns
    -------
    pair of list of float, and int
    """
    judged = parameters["judged_epsilon"]
    row = sorted({*parameters["attack_epsilons"], judged})
    return row, row.index(judged)


def ways(run, targets, images):
    """Return what the attacks on a run's networks follow.

    Parameters
    ----------
    run : Run
        Its rule is an `Onward`.
    targets : array (n, classes)
        Of the images.
    images : int
        The number of the first image: others have other noise.

    Returns
    -------
    dict of str to callable
        By the name of an attack, of images (..., n, features): an array (seeds, n, features). The
        rule's own ways are left out where the first layer is frozen: it is sent nothing.
    """
    rule, params, loss = run.recipe.rule, run.state.params, LOSSES[run.recipe.loss]
    dice = generators_for([run.seeds[k] for k in run.running], Stream.NOISE, run.epoch, 3, images)
    noise = NormalNoise(dice, run.data.backend, run.dtype)

    def step(x):
        at = (run.network, params, run.state.feedback, x, targets, loss)
        return Step.at(*at, noise=noise, frozen=run.frozen)

    def true(x, loss=loss):
        return input_gradient(run.network, params, x, targets, loss)

    found = {
        "noise": lambda x: noise(x.shape[-2:]),
        "own": lambda x: rule.send_image(step(x)),
        "half": lambda x: rule.send(step(x))[0] @ params[0].weights.mT,
        "gradient": true,
        "steps": true,
        "margin": partial(true, loss=MARGIN),
    }
    silent = ("own", "half") if 0 in run.frozen else ()
    return {name: way for name, way in found.items() if name not in silent}


def _parts(run, samples):
    """Yield test images, targets and labels in parts, each with the number of its first image."""
    data = run.data
    count = min(check("attacked_samples", samples), data.test_images.shape[0])
    for first in range(0, count, CHUNK):
        part = slice(first, min(first + CHUNK, count))
        x, targets = data.test_images[part, :], data.test_targets[part, :]
        yield first, x, targets, data.test_labels[part]


def errors_under_attack(run, epsilons, steps, limits, samples):
    """Measure how many images a run's networks get wrong when they are attacked.

    Parameters
    ----------
    run : Run
        Its rule is an `Onward`.
    epsilons : list of float
    steps : int
        Of the attacks that take several.
    limits : (float, float)
        As `moved` takes them.
    samples : int
        The first so many test images.

    Returns
    -------
    dict of str to numpy.ndarray (epsilons, seeds)
        Percent, by the names of the attacks. The last, `WORST`, counts an image that is wrong
        without an attack or with any that needs no rule: noise, gradient, steps or margin.
        Attacks that there are not are not-a-number.
    """
    xp, wrong, count = namespace_of(run.state.params[0].weights), 0, 0
    for first, x, targets, labels in _parts(run, samples):
        follow, rows, count = ways(run, targets, first), [], count + x.shape[0]
        clean = run.network.predict(run.state.params, x) != labels
        for epsilon in epsilons:
            row, worst = [], clean
            for name in ATTACKS:
                if name not in follow:
                    row.append(xp.zeros_like(clean))
                    continue
                several = steps if name in ("steps", "margin") else 1
                fooling = moved(x, follow[name], epsilon, limits, several)
                row.append(run.network.predict(run.state.params, fooling) != labels)
                if name not in ("own", "half"):
                    worst = xp.logical_or(worst, row[-1])
            rows.append(xp.stack([*row, worst]))
        wrong = wrong + xp.sum(xp.astype(xp.stack(rows), xp.int64), axis=-1)
    errors = 100 * run.data.backend.to_host(wrong) / count
    found = {name: errors[:, place] for place, name in enumerate([*ATTACKS, WORST])}
    return found | {name: found[name] * np.nan for name in ATTACKS if name not in follow}


def fooled(epsilon, limits, samples):
    """Return a measurement of a run: its error under one step along the true gradient.

    Parameters
    ----------
    epsilon, limits, samples : object
        As `errors_under_attack` takes them.

    Returns
    -------
    callable
        ``function(run)`` returns an array (running seeds,), percent.
    """

    def measure(run):
        xp, params, loss = namespace_of(run.data.test_images), run.state.params, run.recipe.loss
        wrong, count = 0, 0
        for _, x, targets, labels in _parts(run, samples):
            at, count = (run.network, params), count + x.shape[0]

            def gradient(x, at=at, targets=targets):
                return input_gradient(*at, x, targets, LOSSES[loss])

            found = run.network.predict(params, moved(x, gradient, epsilon, limits))
            wrong = wrong + xp.sum(xp.astype(found != labels, x.dtype), axis=-1)
        return wrong * (100 / count)

    return measure


def at_the_images(run, samples):
    """Measure what an attacker finds at the images as they are.

    Parameters
    ----------
    run : Run
        Its rule is an `Onward`.
    samples : int
        The first so many test images.

    Returns
    -------
    dict of str to numpy.ndarray (seeds,)
        ``error``, percent; ``slope``, the mean over the images of the sum of the absolute values
        of the gradient of the loss, nats for an epsilon of one; ``zero``, for how many images it is
        zero, percent; ``distance``, the median over the images that are classified rightly of the
        epsilon that would change this if the network were linear: the margin by the sum of the
        absolute values of its gradient; ``own_angle`` and ``half_angle``, those of the mean cosines
        between what these attacks follow and the gradient, degrees. Not-a-number where there is
        nothing of the kind.
    """
    follow, parts = {}, {}
    for first, x, targets, labels in _parts(run, samples):
        follow = ways(run, targets, first)
        logits, true = run.network.logits(run.state.params, x), follow["gradient"](x)
        xp = namespace_of(true)
        slope = xp.sum(xp.abs(true), axis=-1)
        path = xp.sum(xp.abs(follow["margin"](x)), axis=-1)
        margin = -MARGIN.value(logits, targets)
        found = {"slope": slope, "zero": 100 * xp.astype(slope == 0, slope.dtype)}
        found["distance"] = margin / xp.where(path > 0, path, xp.full_like(path, math.nan))
        right = xp.argmax(logits, axis=-1) == labels
        found["error"] = 100 * xp.astype(xp.logical_not(right), slope.dtype)
        nothing = xp.full_like(slope, math.nan)
        found["distance"] = xp.where(right, found["distance"], nothing)
        for name in ("own", "half"):
            sent = follow[name](x) if name in follow else 0 * true
            (sent, some), (unit, others) = unit_rows(sent), unit_rows(true)
            both, cosine = xp.logical_and(some, others), xp.sum(sent * unit, axis=-1)
            found[f"{name}_angle"] = xp.where(both, cosine, nothing)
        for name, values in found.items():
            parts.setdefault(name, []).append(run.data.backend.to_host(values))
    joined = {name: np.concatenate(values, axis=-1) for name, values in parts.items()}
    ends = {name: joined[name].mean(axis=-1) for name in ("error", "slope", "zero")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of seeds without any such image
        ends["distance"] = np.nanmedian(joined["distance"], axis=-1)
        for name in ("own_angle", "half_angle"):
            cosine = np.nanmean(joined[name], axis=-1)
            ends[name] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return ends


def transfers(runs, epsilon, limits, samples):
    """Show images that were made to fool the networks of each run to those of all others.

    Parameters
    ----------
    runs : dict of str to Run
        By rule, of the same seeds, at least two.
    epsilon, limits, samples : object
        As `errors_under_attack` takes them.

    Returns
    -------
    dict of str to dict of str to dict of str to numpy.ndarray (seeds,)
        By the attack, of `PASSED_ON`; by the rule of the network that the images were made on; and
        by that of the network that sees them: errors in percent. The two never have the same seed,
        so that no two begin with the same weights: that which sees them has the next one.
    """
    errors = {attack: {} for attack in PASSED_ON}
    for source, run in runs.items():
        wrong, count, home = {}, 0, run.data.backend.to_host
        for first, x, targets, labels in _parts(run, samples):
            follow, count = ways(run, targets, first), count + x.shape[0]
            for attack in follow.keys() & errors.keys():
                made = moved(x, follow[attack], epsilon, limits)
                xp = namespace_of(made)
                made = xp.roll(made, 1, axis=0)
                for target, other in runs.items():
                    found = other.network.predict(other.state.params, made) != labels
                    found = home(xp.sum(xp.astype(found, xp.int64), axis=-1))
                    sums = wrong.setdefault(attack, dict.fromkeys(runs, 0))
                    sums[target] = sums[target] + found
        for attack, sums in wrong.items():
            errors[attack][source] = {target: 100 * n / count for target, n in sums.items()}
    return errors


def pictures(runs, epsilon, steps, limits, among=1_000):
    """Attack one image: the first that the first network of every run gets right as it is.

    Parameters
    ----------
    runs : dict of str to Run
        By rule.
    epsilon, steps, limits : object
        As `errors_under_attack` takes them.
    among : int
        How many test images are looked at.

    Returns
    -------
    rows : dict of str to dict of str to (numpy.ndarray (rows, columns), str)
        By attack, the first is none, and by rule: the picture, and what the network calls it.
    truth : str
        What it is.
    """
    right, data = True, next(iter(runs.values())).data
    for run in runs.values():
        found = run.network.predict(run.state.params, data.test_images[:among, :])
        right = right & data.backend.to_host(found == data.test_labels[:among])[0]
    if not np.any(right):
        refuse("runs", f"right on one of the first {among} test images", list(runs))
    place = int(np.argmax(right))
    x, targets = (a[place : place + 1, :] for a in (data.test_images, data.test_targets))
    shown = {"as it is": {}} | {name: {} for name in ATTACKS}
    for rule, run in runs.items():
        follow = ways(run, targets, place)
        made = {"as it is": x + 0 * follow["gradient"](x)}
        for name, way in follow.items():
            several = steps if name in ("steps", "margin") else 1
            made[name] = moved(x, way, epsilon, limits, several)
        for name, image in made.items():
            called = data.backend.to_host(run.network.predict(run.state.params, image))[0, 0]
            picture = data.backend.to_host(image)[0, 0].reshape(data.image_shape)
            shown[name][rule] = picture, data.class_names[called]
    return shown, data.class_names[int(data.backend.to_host(data.test_labels)[place])]
