"""Optimizers: how an array of parameters moves against its gradient.

What an optimizer remembers of an array is a tuple of arrays, its slots, which the run owns.
"""

from dataclasses import dataclass
from itertools import repeat

import numpy as np

from dfa_utils.array import namespace_of
from dfa_utils.array.kernels import step_rmsprop, subtract_product
from dfa_utils.validation import Checked, register


@dataclass(frozen=True)
class Constant(Checked):
    """A rate that stays as it is; the other schedules change it."""

    def factor(self, train_errors):
        """Return what multiplies the rate in the next epoch, float or numpy.ndarray (seeds,).

        It may depend on the train errors of the epochs so far, (epochs, seeds), percent.
        """
        return 1.0

    def factors(self, train_errors, steps):
        """Return the same for each of the ``steps`` of the next epoch, iterator."""
        return repeat(self.factor(train_errors), steps)


@dataclass(frozen=True)
class HalvedEvery(Constant):
    """The rate is halved after every so many ``epochs``."""

    epochs: int = 50

    def factor(self, train_errors):
        return 0.5 ** (len(train_errors) // self.epochs)


@dataclass(frozen=True)
class HalvedOnPlateau(Constant):
    """The rate of a seed is halved after an epoch whose train error is not below its running mean.

    This is one of the schedules in the code that Nøkland (2016) released.
    """

    def factor(self, train_errors):
        return 0.5 ** self.halvings(train_errors)

    def halvings(self, train_errors):
        """Count how often the rate of each seed has been halved, numpy.ndarray of int (seeds,)."""
        # Not below the mean that holds it is the same as not below the mean before.
        return np.sum(train_errors[1:] >= running_mean(train_errors)[:-1], axis=0)


@dataclass(frozen=True)
class InverseDecay(Constant):
    """The rate is divided by ``1 + decay * t`` at step t, counted from 0, as Torch does."""

    decay: float = 1e-5

    def factors(self, train_errors, steps):
        first = len(train_errors) * steps
        return (1 / (1 + self.decay * step) for step in range(first, first + steps))


def running_mean(train_errors):
    """Return the mean that Nøkland's released code keeps of the train error, (epochs, seeds).

    It begins with the first epoch's error and is ``0.75 old + 0.25 new`` from there on.
    """
    means = np.array(train_errors, dtype=float)
    for epoch in range(1, len(means)):
        means[epoch] = 0.75 * means[epoch - 1] + 0.25 * means[epoch]
    return means


@dataclass(frozen=True)
class Optimizer(Checked):
    """How arrays move.

    Parameters
    ----------
    rate : float
        The learning rate.
    schedule : Constant
        How it changes over the epochs of a run: an instance of one of `SCHEDULES`.
    """

    rate: float = 0.01
    schedule: Constant = Constant()

    def error_scale(self, rate):
        """Return by what the output error is multiplied before the rule sends it."""
        return 1.0

    def slots(self, parameter):
        """Return what is remembered of an array before its first step, tuple of array."""
        return (namespace_of(parameter).zeros_like(parameter),)

    def step(self, parameter, gradient, slots, rate):
        """Move an array and its slots in place.

        All are arrays (seeds, rows, columns); the rate is a float, or an array (seeds, 1, 1).
        """
        raise NotImplementedError

    def step_product(self, parameter, left, right, slots, rate):
        """Move an array whose gradient is ``left.mT @ right``, (seeds, n, rows or columns)."""
        self.step(parameter, left.mT @ right, slots, rate)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Plain stochastic gradient descent: each array moves by ``-rate * gradient``.

    Gradients are linear in the error. So the rate is applied to the output error, which is small,
    and not to the gradients, which are large: a step subtracts what it is given.

    Parameters
    ----------
    rate, schedule : object
        As of `Optimizer`.
    weight_decay : float
        Weights and feedback that learns, not biases, shrink by ``rate * weight_decay`` a step.
    """

    weight_decay: float = 0.0

    def error_scale(self, rate):
        return rate

    def slots(self, parameter):
        return ()

    def step(self, parameter, gradient, slots, rate):
        parameter -= gradient

    def step_product(self, parameter, left, right, slots, rate):
        if self.weight_decay:
            parameter *= 1 - rate * self.weight_decay
        subtract_product(parameter, left, right)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum, as Torch has it: ``v = momentum * v + gradient``.

    Parameters
    ----------
    rate, schedule : object
        As of `Optimizer`.
    momentum : float
        At least 0 and below 1.
    nesterov : bool
        Whether a step goes along ``gradient + momentum * v`` in the place of ``v``.
    """

    momentum: float = 0.9
    nesterov: bool = False

    def step(self, parameter, gradient, slots, rate):
        (velocity,) = slots
        velocity *= self.momentum
        velocity += gradient
        parameter -= rate * (gradient + self.momentum * velocity if self.nesterov else velocity)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop as Torch has it, with the learning rate of the code that Nøkland (2016) released.

    With ``m = smoothing * m + (1 - smoothing) * g ** 2``, which starts at zero, the mean square of
    the gradient ``g``, a step is ``parameter -= rate * g / (sqrt(m) + epsilon)``.

    Parameters
    ----------
    rate, schedule : object
        As of `Optimizer`.
    smoothing : float
        At least 0 and below 1.
    epsilon : float
    """

    rate: float = 1e-4
    smoothing: float = 0.99
    epsilon: float = 1e-8

    def step(self, parameter, gradient, slots, rate):
        step_rmsprop(parameter, gradient, *slots, rate, self.smoothing, self.epsilon)


#: By the name that notebooks take as ``rate_schedule``.
SCHEDULES = {"constant": Constant, "halved_every": HalvedEvery}
SCHEDULES |= {"halved_on_plateau": HalvedOnPlateau, "inverse_decay": InverseDecay}
#: By the name that notebooks take as ``optimizer``.
OPTIMIZERS = {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSprop}
register("rate_schedule", SCHEDULES)
register("optimizer", OPTIMIZERS)
