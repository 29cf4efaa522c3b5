"""What hidden layers make of the images, and t-SNE pictures of it."""

import numpy as np

from dfa_utils.arrays import namespace_of
from dfa_utils.network import forward_propagation, in_chunks


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
    chunks = [forward_propagation(params, chunk, activation).outputs for chunk in in_chunks(x)]
    return [namespace_of(x).concat(list(pieces), axis=-2) for pieces in zip(*chunks, strict=True)]


def embed(features, seed=0):
    """Embed samples in the plane with t-SNE (van der Maaten and Hinton 2008).

    Parameters
    ----------
    features : numpy.ndarray (n, width)
    seed : int
        Of the optimisation; the starting positions are the first two principal components.

    Returns
    -------
    numpy.ndarray (n, 2)
    """
    from sklearn.manifold import TSNE

    perplexity = min(30, (len(features) - 1) / 3)
    return TSNE(init="pca", perplexity=perplexity, random_state=seed).fit_transform(
        np.asarray(features)
    )
