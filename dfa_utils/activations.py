"""The non-linearities of hidden units."""

from collections.abc import Callable
from typing import NamedTuple

from dfa_utils.arrays import namespace_of


class Activation(NamedTuple):
    """A non-linearity h = f(a), and its derivative.

    Parameters
    ----------
    function : callable
        ``function(a)``: h, of the shape of ``a``.
    derivative : callable
        ``derivative(h)``: f'(a), written in terms of h.
    """

    function: Callable
    derivative: Callable


def tanh(a):
    """Return the hyperbolic tangent.

    Parameters
    ----------
    a : array (...)
        Pre-activations.

    Returns
    -------
    array (...)
    """
    return namespace_of(a).tanh(a)


def logistic(a):
    """Return the logistic function 1 / (1 + exp(-a)), without overflow.

    Parameters
    ----------
    a : array (...)
        Pre-activations.

    Returns
    -------
    array (...)
    """
    xp = namespace_of(a)
    z = xp.exp(-xp.abs(a))
    return xp.where(a >= 0, 1 / (1 + z), z / (1 + z))


def relu(a):
    """Return max(a, 0), the rectified linear unit.

    Parameters
    ----------
    a : array (...)
        Pre-activations.

    Returns
    -------
    array (...)
    """
    return namespace_of(a).maximum(a, 0.0)


#: By the name that notebooks take as ``activation``.
ACTIVATIONS = {
    "tanh": Activation(tanh, lambda h: 1 - h * h),
    "logistic": Activation(logistic, lambda h: h * (1 - h)),
    "relu": Activation(relu, lambda h: namespace_of(h).sign(h)),
}
