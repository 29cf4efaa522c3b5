"""What hidden layers make of the images, and t-SNE pictures of it."""

import numpy as np

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check, numbers, refuse
from dfa_utils.network import check_fit, forward_propagation, in_chunks

FEWEST = 5  # of fewer samples, t-SNE makes no picture
SMALLEST, LARGEST = 1e-12, 1e6  # differences to see, by the size of the features; distances


def extract_features(params, x, activation="tanh"):
    """Return the outputs of every hidden layer.

    Parameters
    ----------
    params : list of Layer
    x : array (n, features)
    activation : {"tanh", "logistic", "relu"}

    Returns
    -------
    list of array (seeds, n, width)
        One for each hidden layer.
    """
    check_fit(params, x)
    chunks = [forward_propagation(params, chunk, activation).outputs for chunk in in_chunks(x)]
    return [namespace_of(x).concat(list(pieces), axis=-2) for pieces in zip(*chunks, strict=True)]


def embed(features, seed=0):
    """Embed samples in the plane with t-SNE (van der Maaten and Hinton 2008).

    Parameters
    ----------
    features : numpy.ndarray (n, width)
    seed : int
        Of the optimisation; the starting positions are the first two principal components, or
        random ones where there is but one feature.

    Returns
    -------
    numpy.ndarray (n, 2)
        All at zero where the samples do not differ.

    Raises
    ------
    ValueError
        If the features are not finite numbers of at least five samples.
    """
    from sklearn.manifold import TSNE

    seed = check("seed", seed, "embedding_seed")
    allowed = f"finite numbers (n, width), n at least {FEWEST}"
    features = numbers("features", features, allowed)
    is_table = features.ndim == 2 and features.size > 0 and np.isfinite(features).all()
    if not is_table or len(features) < FEWEST:
        refuse("features", allowed, features)
    # scikit-learn's search ends the process where the distances of the start are not numbers.
    centred = features - features.mean(axis=0, dtype=np.float64)
    spread = np.abs(centred).max()
    if not np.isfinite(spread):
        refuse("features", "numbers whose differences are finite", features)
    if spread <= SMALLEST * np.abs(features).max():
        return np.zeros((len(features), 2), np.float32)
    if not 1 / LARGEST < spread < LARGEST:
        features = centred / spread
    perplexity = min(30, (len(features) - 1) / 3)
    # A single feature has no second principal component.
    start = "pca" if features.shape[1] > 1 else "random"
    return TSNE(init=start, perplexity=perplexity, random_state=seed).fit_transform(features)
