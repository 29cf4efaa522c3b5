"""Images that are changed so as to be classified wrongly, for training on them."""

from dataclasses import dataclass

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check_fields
from dfa_utils.learning_rules import backward_propagation
from dfa_utils.network import forward_propagation


@dataclass(frozen=True)
class FastGradientSign:
    """The fast gradient sign method (Goodfellow et al. 2015).

    Each pixel moves by ``epsilon`` in the direction in which the loss grows. The gradient with
    respect to the input is the true one, by back-propagation, whatever rule trains the network.
    The images are not clipped to the input range.

    Parameters
    ----------
    epsilon : float
        In units of the pixels.

    Raises
    ------
    ValueError
        If ``epsilon`` is negative.
    """

    epsilon: float

    def __post_init__(self):
        check_fields(self, epsilon="adversarial_epsilon")

    def perturb(self, params, x, targets, activation, objective):
        """Return the changed images.

        Parameters
        ----------
        params : list of Layer
        x : array (..., n, features)
        targets : array (..., n, classes)
        activation : str
        objective : dfa_utils.losses.Loss

        Returns
        -------
        array (..., n, features)
        """
        forward = forward_propagation(params, x, activation)
        error = objective.error(forward.logits, targets)
        first_error = backward_propagation(params, (), forward, error)[0]
        gradient = first_error @ params[0].weights.mT
        return x + self.epsilon * namespace_of(x).sign(gradient)
