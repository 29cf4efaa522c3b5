"""How well the classes lie apart in the outputs of a layer, as a number."""

import numpy as np

from dfa_utils.validation import numbers, refuse


def neighbour_errors(features, labels):
    """Return how many samples have a nearest neighbour of another class, in percent.

    Parameters
    ----------
    features : numpy.ndarray (seeds, n, width)
        Of at least two samples. The neighbour is sought among all others, by Euclidean distance.
    labels : numpy.ndarray of int (n,)

    Returns
    -------
    numpy.ndarray (seeds,)

    Raises
    ------
    ValueError
        If there is not one label for each sample.
    """
    features = numbers("features", features, "an array (seeds, n, width), n at least 2")
    if features.ndim != 3 or features.shape[1] < 2:
        refuse("features", "an array (seeds, n, width), n at least 2", features)
    if getattr(labels, "shape", None) != features.shape[1:2]:
        refuse("labels", f"an array ({features.shape[1]},)", labels)
    wrong = []
    for h in features.astype(np.float64):
        squares = np.sum(h * h, axis=1)
        distances = squares[:, None] + squares - 2 * h @ h.T
        np.fill_diagonal(distances, np.inf)
        wrong.append(100 * np.mean(labels[distances.argmin(axis=1)] != labels))
    return np.array(wrong)
