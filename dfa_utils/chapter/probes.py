"""How well the classes lie apart in the outputs of a layer, as numbers."""

import numpy as np

from dfa_utils.chapter.records import record, record_errors
from dfa_utils.validation import check, check_instance, numbers, refuse

RIDGE = 1e-3  # of the mean square of the features
FITTED = 10_000  # training images, the first ones, to which a linear map is fitted


def training_errors(run):
    """Measure the train error of networks as they stand, array (running seeds,).

    In percent, of the labels that they are trained on. The train error of a history is the mean
    over an epoch, in which the networks change; this one is also there before the first epoch.

    Parameters
    ----------
    run : dfa_utils.training.Run
    """
    data, params = run.data, run.state.params
    wrong = run.network.predict(params, data.train_images) != data.train_labels
    xp, dtype = data.backend.xp, params[0].weights.dtype
    return 100 * xp.mean(xp.astype(wrong, dtype), axis=-1)


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
    features = _features("features", features, labels)
    wrong = []
    for h in features.astype(np.float64):
        squares = np.sum(h * h, axis=1)
        distances = squares[:, None] + squares - 2 * h @ h.T
        np.fill_diagonal(distances, np.inf)
        wrong.append(100 * np.mean(labels[distances.argmin(axis=1)] != labels))
    return np.array(wrong)


def linear_errors(fitted, fitted_labels, features, labels):
    """Return how many samples a linear map from the features puts into another class, in percent.

    The map is that of least squares to the one-hot classes, with a bias and a small ridge.

    Parameters
    ----------
    fitted : numpy.ndarray (seeds, m, width)
        Features to which the map is fitted.
    fitted_labels : numpy.ndarray of int (m,)
    features : numpy.ndarray (seeds, n, width)
        Features of other samples, which are counted.
    labels : numpy.ndarray of int (n,)

    Returns
    -------
    numpy.ndarray (seeds,)

    Raises
    ------
    ValueError
        If there is not one label for each sample.
    """
    fitted, wrong = _features("fitted", fitted, fitted_labels), []
    features = _features("features", features, labels)
    targets = np.eye(max(fitted_labels.max(), labels.max()) + 1)[fitted_labels]
    for own, other in zip(fitted.astype(np.float64), features.astype(np.float64), strict=True):
        own, other = (np.column_stack([h, np.ones(len(h))]) for h in (own, other))
        squares = own.T @ own
        ridge = RIDGE * np.trace(squares) / len(squares) * np.eye(len(squares))
        weights = np.linalg.solve(squares + ridge, own.T @ targets)
        wrong.append(100 * np.mean((other @ weights).argmax(axis=1) != labels))
    return np.array(wrong)


def record_probes(runs, samples):
    """Print and record, for the pixels and each hidden layer, how well the classes lie apart.

    Parameters
    ----------
    runs : dict of str to Run
        By what the records begin with, such as ``"dfa"`` for ``dfa_layer_1_linear_error``; all on
        the same data. Those of the pixels begin with ``pixels``.
    samples : int
        How many of the first test images are looked at for neighbours. The linear maps are fitted
        to the first training images and tried on all test images.
    """
    check_instance("runs", runs, dict)
    samples = check("samples", samples, "most")
    for name, run in runs.items():
        data, to_host = run.data, run.data.backend.to_host
        count = min(FITTED, data.train_images.shape[0])
        images = data.train_images[:count, :], data.test_images
        labels = to_host(data.train_labels[:count]), to_host(data.test_labels)
        layers = {}
        if run is next(iter(runs.values())):
            layers["pixels"] = images
        pairs = zip(*(run.network.features(run.params, x) for x in images), strict=True)
        layers |= {f"{name}_layer_{n}": pair for n, pair in enumerate(pairs, start=1)}
        for place, pair in layers.items():
            own, other = (to_host(x) if x.ndim == 3 else to_host(x)[None] for x in pair)
            found = {"linear_error": linear_errors(own, labels[0], other, labels[1])}
            near = neighbour_errors(other[:, :samples], labels[1][:samples])
            found["neighbour_error"] = near
            for quantity, errors in found.items():
                if place == "pixels":  # the same for every seed
                    record(f"{place}_{quantity}", errors[0])
                    print(f"{place:8} {quantity.replace('_', ' '):15} {errors[0]:6.2f} %")
                else:
                    record_errors(place, quantity, errors)


def _features(name, features, labels):
    """Return features as an array, or refuse them."""
    allowed = "an array (seeds, n, width), n at least 2"
    features = numbers(name, features, allowed)
    if features.ndim != 3 or features.shape[1] < 2:
        refuse(name, allowed, features)
    if getattr(labels, "shape", None) != features.shape[1:2] or labels.dtype.kind not in "iu":
        refuse("labels", f"an array of whole numbers ({features.shape[1]},)", labels)
    return features
