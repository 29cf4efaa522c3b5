"""Dropout: units that are left out of a step at random."""

from dataclasses import dataclass

import numpy as np

from dfa_utils.checks import check_fields


@dataclass(frozen=True)
class Dropout:
    """Inverted dropout (Srivastava et al. 2014): what is kept in training is scaled up.

    A mask multiplies what a layer receives. On the way back it multiplies the error of the units
    that it left out or scaled, with every learning rule: `dfa_utils.network.Forward.slope` does.

    Parameters
    ----------
    input, hidden : float
        The probability to leave out a feature of the input, and a hidden unit.

    Raises
    ------
    ValueError
        If a probability is not at least 0 and below 1.
    """

    input: float = 0.0
    hidden: float = 0.0

    def __post_init__(self):
        check_fields(self, input="dropout_input", hidden="dropout_hidden")

    def masks(self, generators, params, count, backend):
        """Draw the masks of one mini-batch.

        Parameters
        ----------
        generators : list of numpy.random.Generator
            One for each seed. The numbers are drawn on the host, so that a seed leaves out the
            same units on every device; the masks are the one thing that a batch copies there.
        params : list of Layer
        count : int
            Samples in the batch.
        backend : Backend

        Returns
        -------
        list of array (seeds, count, fan_in) or None
            One for each layer, 0 or 1 / (1 - probability); None where nothing is left out.
        """
        probabilities = [self.input] + [self.hidden] * (len(params) - 1)
        return [
            _mask(generators, (count, layer.weights.shape[-2]), probability, layer, backend)
            for layer, probability in zip(params, probabilities, strict=True)
        ]


def _mask(generators, shape, probability, layer, backend):
    """Draw one mask of the floating-point type of the layer."""
    if probability == 0:
        return None
    draws = [generator.random(shape, dtype=np.float32) >= probability for generator in generators]
    kept = backend.xp.astype(backend.asarray(np.stack(draws)), layer.weights.dtype)
    kept *= 1 / (1 - probability)
    return kept
