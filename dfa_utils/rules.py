"""Learning rules: which error each layer is sent. All else is shared by all rules.

A layer with the inputs x that is sent the error d moves its weights against ``x.mT @ d`` and its
biases against the sum of d over the samples.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np

from dfa_utils.initialisers import Initialiser, UniformFanIn, UniformFanOut, Zeros
from dfa_utils.losses import Loss
from dfa_utils.network import Forward, Network
from dfa_utils.validation import Checked, refuse, register


class Step(NamedTuple):
    """What a rule may know of one mini-batch.

    Parameters
    ----------
    network, params, forward, loss : object
        The network, its parameters, its forward propagation of the batch, and the loss.
    feedback : list of array (seeds, ...)
        As `Rule.draw` has drawn them, or as `Rule.adapt` has left them.
    targets : array (seeds, n, classes)
    signal : array (seeds, n, classes)
        The output error times ``scale``: what the output layer is sent.
    scale : float or array (seeds, 1, 1)
        The reduction over the batch, times the rate where the optimizer's step is linear in it.
    noise : callable
        ``noise(shape)``: standard normal numbers of a stream of their own, array (seeds, ...).
    frozen : frozenset of int
        Layers that stay as they are.
    """

    network: Network
    params: list
    feedback: list
    forward: Forward
    targets: Any
    loss: Loss
    signal: Any
    scale: Any = 1.0
    noise: Any = None
    frozen: frozenset = frozenset()

    @property
    def error(self):
        """The derivative of the loss with respect to the logits, array (seeds, n, classes)."""
        return self.loss.error(self.forward.logits, self.targets)

    @classmethod
    def at(cls, network, params, feedback, x, targets, loss, masks=(), scale=1.0, **others):
        """Propagate a batch, and return the step that it leads to."""
        forward = network.forward(params, x, masks)
        signal = loss.error(forward.logits, targets)
        signal *= scale
        return cls(network, params, feedback, forward, targets, loss, signal, scale, **others)


@dataclass(frozen=True)
class Rule(Checked):
    """A learning rule: a short class that says what each layer is sent.

    Parameters
    ----------
    feedback : Initialiser
        Where its feedback matrices come from; of no meaning to a rule that has none.
    """

    feedback: Initialiser = UniformFanOut()
    name: ClassVar[str] = "rule"

    def shapes(self, sizes):
        """Return the shapes of a network's feedback matrices, list of (senders, receivers)."""
        return []

    def draw(self, rng, sizes, params):
        """Draw the feedback matrices of one seed, list of numpy.ndarray (senders, receivers).

        They may depend on ``params``, host arrays without the axis of seeds, as the network starts.
        """
        return [self.feedback(rng, shape, *shape) for shape in self.shapes(sizes)]

    def aims(self, params):
        """Return what each feedback matrix would be if it sent the true error, but for slopes.

        List of array (seeds, senders, receivers), as ``shapes`` has them: made of the transposed
        weights above the layer, to which the angles of the matrices are measured.
        """
        return []

    def usual_start(self, activation):
        """Return where weights and biases usually start under this rule, Initialiser."""
        return UniformFanIn()

    def send(self, step):
        """Return the error that each layer is sent, list of array (seeds, n, width).

        It is that of the layer's pre-activations, times ``step.scale``.
        """
        raise NotImplementedError

    def adapt(self, step, errors, descend):
        """Let feedback learn; the parameters have made their step already.

        ``errors`` is what ``send`` has returned. ``descend(k, left, right)`` moves feedback matrix
        ``k`` as the optimizer moves a weight matrix whose gradient is ``left.mT @ right``.
        """


class BP(Rule):
    """Back-propagation: ``d_l = (d_{l+1} W_{l+1}^T) * f'(a_l)``, the true gradient."""

    name = "BP"

    def send(self, step):
        errors = [step.signal]
        for layer in range(len(step.params) - 1, 0, -1):
            error = errors[-1] @ step.params[layer].weights.mT
            error *= step.forward.slope(layer - 1)
            errors.append(error)
        return errors[::-1]


@dataclass(frozen=True)
class FA(Rule):
    """Feedback alignment (Lillicrap et al. 2016): ``d_l = (d_{l+1} B_{l+1}) * f'(a_l)``.

    With ``copied`` matrices that are the network's own initial weights, transposed, as in the code
    that Nøkland released, the first step is one of back-propagation.
    """

    copied: bool = False
    name: ClassVar[str] = "FA"

    def shapes(self, sizes):
        return [(above, width) for width, above in pairwise(sizes[1:])]

    def draw(self, rng, sizes, params):
        if not self.copied:
            return super().draw(rng, sizes, params)
        for number, layer in enumerate(params[1:], start=2):
            if not np.any(layer.weights):
                refuse("weights", "not all zero where feedback is copied", f"layer {number}")
        return [layer.weights.T for layer in params[1:]]

    def aims(self, params):
        return [layer.weights.mT for layer in params[1:]]

    def usual_start(self, activation):
        return _zero_where_it_can(activation)

    def send(self, step):
        errors = [step.signal]
        for layer in range(len(step.params) - 2, -1, -1):
            error = errors[-1] @ step.feedback[layer]
            error *= step.forward.slope(layer)
            errors.append(error)
        return errors[::-1]


class DFA(Rule):
    """Direct feedback alignment (Nøkland 2016, section 2): ``d_l = (e B_l) * f'(a_l)``."""

    name = "DFA"

    def shapes(self, sizes):
        return [(sizes[-1], width) for width in sizes[1:-1]]

    def aims(self, params):
        return _products(params)

    def usual_start(self, activation):
        return _zero_where_it_can(activation)

    def teach(self, step):
        """Return what is sent through the matrices, array (seeds, n, classes)."""
        return step.signal

    def send(self, step):
        taught = self.teach(step)
        slope, feedback = step.forward.slope, enumerate(step.feedback)
        return [*((taught @ B) * slope(layer) for layer, B in feedback), step.signal]


class IFA(Rule):
    """Indirect feedback alignment (Nøkland 2016, section 2): to the first layer, then forward.

    ``d_1 = (e B) * f'(a_1)`` and, from there on, ``d_l = (d_{l-1} W_l) * f'(a_l)``: the error goes
    through the same weights as the activations.
    """

    name = "IFA"

    def shapes(self, sizes):
        return [(sizes[-1], sizes[1])]

    def aims(self, params):
        return _products(params)[:1]

    def send(self, step):
        errors = [(step.signal @ step.feedback[0]) * step.forward.slope(0)]
        for layer in range(1, len(step.params) - 1):
            weights = step.params[layer].weights
            errors.append((errors[-1] @ weights) * step.forward.slope(layer))
        return [*errors, step.signal]


def _products(params):
    """Return the product of the transposed weights above each hidden layer, the output's first."""
    products = [params[-1].weights.mT]
    for layer in params[-2:0:-1]:
        products.append(products[-1] @ layer.weights.mT)
    return products[::-1]


def _zero_where_it_can(activation):
    """Return the paper's start of FA and DFA: zero, but for ReLU, which at zero passes nothing."""
    return UniformFanIn() if activation == "relu" else Zeros()


#: By the name that notebooks take as ``rule``: those of the paper, and all of
#: `dfa_utils.rules_family`.
RULES = {rule.name.lower(): rule for rule in (BP, FA, DFA, IFA)}
register("rule", RULES)
