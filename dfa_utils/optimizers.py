"""Optimizers: gradients -> parameter updates.

An optimizer says by what factor the output error is scaled before the learning rule
(``error_scale``), makes its state (``initial_state``), and changes parameters and state in place
(``update``).
"""

from dataclasses import dataclass

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check_fields
from dfa_utils.fused import fused_rmsprop
from dfa_utils.learning_rules import bias_gradient, layer_gradients
from dfa_utils.products import subtract_product


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
        check_fields(self)

    @property
    def error_scale(self):
        """The factor of the output error, float."""
        return self.learning_rate

    def initial_state(self, params):
        """Return what the first update starts from: nothing.

        Parameters
        ----------
        params : list of Layer

        Returns
        -------
        list
        """
        return []

    def update(self, params, inputs, errors, state, frozen=()):
        """Change the parameters in place.

        Parameters
        ----------
        params : list of Layer
        inputs : list of array (seeds, n, fan_in)
            What each layer received.
        errors : list of array (seeds, n, fan_out)
            What the learning rule sent it, scaled by `error_scale`.
        state : list
            Not used.
        frozen : collection of int, optional
            Layers, the first is 0, that stay as they are.
        """
        for number, layer in enumerate(params):
            if number not in frozen:
                subtract_product(layer.weights, inputs[number], errors[number])
                layer.biases[...] -= bias_gradient(errors[number])


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
        check_fields(self)

    def initial_state(self, params):
        """Return a running mean square of zero for every parameter.

        Parameters
        ----------
        params : list of Layer

        Returns
        -------
        list of Layer
        """
        return [type(layer)(*(namespace_of(a).zeros_like(a) for a in layer)) for layer in params]

    def update(self, params, inputs, errors, state, frozen=()):
        """Change the parameters and the running mean squares in place; see `SGD.update`.

        Parameters
        ----------
        params : list of Layer
        inputs, errors : list of array
        state : list of Layer
            From `initial_state`.
        frozen : collection of int, optional
            Their running mean squares stay as they are too.
        """
        step = fused_rmsprop(params[0].weights) or plain_rmsprop
        trained = [number for number in range(len(params)) if number not in frozen]
        gradients = layer_gradients(*([each[i] for i in trained] for each in (inputs, errors)))
        for number, gradient in zip(trained, gradients, strict=True):
            for arrays in zip(params[number], gradient, state[number], strict=True):
                step(*arrays, self.learning_rate, self.smoothing, self.epsilon)


def plain_rmsprop(parameter, gradient, mean_square, learning_rate, smoothing, epsilon):
    """Change one array of parameters and its running mean square, as the compiled step does.

    Parameters
    ----------
    parameter, gradient, mean_square : array (seeds, rows, columns)
        The first and the last are changed in place.
    learning_rate, smoothing, epsilon : float
        As in `RMSprop`.
    """
    mean_square *= smoothing
    mean_square += (1 - smoothing) * (gradient * gradient)
    root = namespace_of(gradient).sqrt(mean_square)
    parameter -= learning_rate * (gradient / (root + epsilon))


#: By the name that notebooks take as ``optimizer``.
OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop}
