"""Optimizers: gradients -> parameter updates.

An optimizer says by what factor the output error is scaled before the learning rule
(``error_scale``), makes its state (``initial_state``), and changes parameters and state in place
(``update``).
"""

from dataclasses import dataclass

from dfa_utils.arrays import namespace_of
from dfa_utils.fused import fused_rmsprop


@dataclass(frozen=True)
class SGD:
    """Plain stochastic gradient descent: each parameter moves by -learning_rate * gradient.

    Gradients are linear in the error. So the step size is applied to the output error, which is
    small, before the learning rule, and not to the gradients, which are large: `error_scale` is
    the factor, and `update` subtracts what it is given.

    Parameters
    ----------
    learning_rate : float

    Raises
    ------
    ValueError
        If the learning rate is not positive.
    """

    learning_rate: float = 0.01

    def __post_init__(self):
        _check_positive("learning_rate", self.learning_rate)

    @property
    def error_scale(self):
        """The factor of the output error, float."""
        return self.learning_rate

    def initial_state(self, params):
        """Return what the first update starts from: nothing."""
        return []

    def update(self, params, gradients, state):
        """Change the parameters in place.

        Parameters
        ----------
        params : list of Layer
        gradients : iterable of Layer or None
            Of the loss times `error_scale`; None leaves a layer untouched.
        state : list
            Not used.
        """
        for layer, gradient in zip(params, gradients, strict=True):
            if gradient is not None:
                for parameter, step in zip(layer, gradient, strict=True):
                    parameter -= step


@dataclass(frozen=True)
class RMSprop:
    """RMSprop as Torch has it: a step is the gradient over the root of its running mean square.

    With ``m`` the running mean of the squared gradient ``g``, starting at zero,
    ``m = smoothing * m + (1 - smoothing) * g ** 2`` and then
    ``parameter -= learning_rate * g / (sqrt(m) + epsilon)``. The defaults are Torch's, with the
    learning rate of Nøkland (2016).

    Parameters
    ----------
    learning_rate : float
    smoothing : float
        At least 0 and below 1.
    epsilon : float

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    learning_rate: float = 1e-4
    smoothing: float = 0.99
    epsilon: float = 1e-8

    error_scale = 1.0  # a step does not depend on the size of the gradient

    def __post_init__(self):
        _check_positive("learning_rate", self.learning_rate)
        _check_positive("epsilon", self.epsilon)
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be in [0, 1), got {self.smoothing!r}")

    def initial_state(self, params):
        """Return a running mean square of zero for every parameter, list of Layer."""
        return [type(layer)(*(namespace_of(a).zeros_like(a) for a in layer)) for layer in params]

    def update(self, params, gradients, state):
        """Change the parameters and the running mean squares in place.

        Parameters
        ----------
        params : list of Layer
        gradients : iterable of Layer or None
            None leaves a layer and its state untouched.
        state : list of Layer
            From `initial_state`.
        """
        step = fused_rmsprop(params[0].weights) or plain_rmsprop
        for layer, gradient, mean_squares in zip(params, gradients, state, strict=True):
            if gradient is not None:
                for arrays in zip(layer, gradient, mean_squares, strict=True):
                    step(*arrays, self.learning_rate, self.smoothing, self.epsilon)


def plain_rmsprop(parameter, gradient, mean_square, learning_rate, smoothing, epsilon):
    """Change one array of parameters and its running mean square, as `fused_rmsprop` does."""
    mean_square *= smoothing
    mean_square += (1 - smoothing) * (gradient * gradient)
    root = namespace_of(gradient).sqrt(mean_square)
    parameter -= learning_rate * (gradient / (root + epsilon))


def _check_positive(name, value):
    """Refuse a value that is not above zero."""
    if not value > 0:
        raise ValueError(f"{name} must be > 0, got {value!r}")


OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop}
