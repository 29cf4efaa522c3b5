"""Optimizers: gradients -> parameter updates."""

from dataclasses import dataclass


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
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be > 0, got {self.learning_rate!r}")

    @property
    def error_scale(self):
        """The factor of the output error, float."""
        return self.learning_rate

    def update(self, params, gradients):
        """Change the parameters in place.

        Parameters
        ----------
        params : list of Layer
        gradients : iterable of Layer or None
            Of the loss times `error_scale`; None leaves a layer untouched.
        """
        for layer, gradient in zip(params, gradients, strict=True):
            if gradient is not None:
                for parameter, step in zip(layer, gradient, strict=True):
                    parameter -= step
