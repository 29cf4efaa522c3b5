"""What every competitor is given: the same images, initial parameters, feedback and orders."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from benchmarks.cases import Case
from dfa_utils.array import Stream, generator_for
from dfa_utils.data import Dataset, load_dataset
from dfa_utils.network import Layer

TEST_SAMPLES = 64  # a run measures the test error after an epoch: with so few it takes no time


@dataclass(frozen=True, eq=False)
class Problem:
    """A case with its data, as NumPy arrays.

    Parameters
    ----------
    case : Case
    dataset : Dataset
        float32; the images of the case and a few for testing.
    params : list of Layer
        Initial parameters (seeds, fan_in, fan_out) and (seeds, 1, fan_out), float32.
    feedback : list of numpy.ndarray (seeds, classes, width)
        For DFA one matrix for each hidden layer; empty for BP.
    """

    case: Case
    dataset: Dataset
    params: list
    feedback: list

    def order(self, epoch):
        """Return the order of the images in an epoch, that of `dfa_utils.training.Run`.

        Parameters
        ----------
        epoch : int

        Returns
        -------
        numpy.ndarray of int64 (images,)
        """
        count = self.dataset.train_images.shape[0]
        return generator_for(0, Stream.SHUFFLE, epoch).permutation(count)


def load_problem(case):
    """Load the data of a case and draw its network.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Problem
    """
    dataset = load_dataset(case.dataset, backend="numpy", train_samples=case.images)
    test = ("test_images", "test_labels", "test_targets")
    few = {name: getattr(dataset, name)[:TEST_SAMPLES].copy() for name in test}
    return pose_problem(case, replace(dataset, **few))


def pose_problem(case, dataset):
    """Draw the initial parameters and the feedback of a case for a data set.

    Parameters
    ----------
    case : Case
    dataset : Dataset

    Returns
    -------
    Problem
    """
    generator = np.random.default_rng(0)
    sizes = [dataset.train_images.shape[1], *case.hidden_sizes, dataset.num_classes]

    def draw(fan_in, fan_out):
        matrices = generator.standard_normal((case.seeds, fan_in, fan_out)) / np.sqrt(fan_in)
        return matrices.astype(np.float32)

    params = [
        Layer(draw(fan_in, fan_out), np.zeros((case.seeds, 1, fan_out), np.float32))
        for fan_in, fan_out in pairwise(sizes)
    ]
    widths = case.hidden_sizes if case.rule == "dfa" else ()
    return Problem(case, dataset, params, [draw(sizes[-1], width) for width in widths])
