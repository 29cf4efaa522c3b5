"""Samples embedded in the plane by t-SNE, and their pictures."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke
from threadpoolctl import threadpool_limits

from dfa_utils.figures.style import SMALL, WIDTH
from dfa_utils.validation import check, check_instance, numbers, refuse

FEWEST = 5  # of fewer samples, t-SNE makes no picture
SMALLEST, LARGEST = 1e-12, 1e6  # differences to see, by the size of the features; distances
COLUMNS = 2
SHORT_NAME = 2  # letters: of such names five find room in a row
MOST_NAMES = 20  # beyond these a legend is larger than the picture


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
    # Thousands of short loops: beside other work, threads would mostly wait for one another.
    with threadpool_limits(1, user_api="openmp"):
        return TSNE(init=start, perplexity=perplexity, random_state=seed).fit_transform(features)


def plot_embeddings(embeddings, labels, class_names):
    """Draw planar embeddings of the same samples side by side, coloured by class.

    Parameters
    ----------
    embeddings : dict of str to numpy.ndarray (n, 2)
        By title.
    labels : numpy.ndarray of int (n,)
    class_names : sequence of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_embeddings(embeddings, labels, class_names)
    rows = -(-len(embeddings) // COLUMNS)
    size = WIDTH / COLUMNS
    figure, panels = plt.subplots(
        rows, COLUMNS, figsize=(WIDTH, (size + 0.3) * rows + 0.5), squeeze=False
    )
    colours = plt.get_cmap("tab10")
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (title, points) in zip(panels.flat, embeddings.items(), strict=False):
        axes.set_title(title)
        for index, name in enumerate(class_names):
            members, colour = points[labels == index], colours(index % colours.N)
            axes.scatter(*members.T, s=3, color=colour, label=name, rasterized=True)
        _name_classes(axes, points, labels, class_names)
    if len(class_names) <= MOST_NAMES:
        handles, names = panels[0, 0].get_legend_handles_labels()
        columns = 5 if max(map(len, class_names)) <= SHORT_NAME else 3
        figure.legend(handles, names, loc="outside lower center", ncols=columns, markerscale=3)
    return figure


def _name_classes(axes, points, labels, class_names):
    """Write the name of each class in the middle of its points: colours are hard to tell apart."""
    for index, name in enumerate(class_names):
        members = points[labels == index]
        if len(members):
            middle = np.median(members, axis=0)
            text = axes.text(*middle, name, ha="center", va="center", size=SMALL)
            text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def check_embeddings(embeddings, labels, class_names):
    """Refuse what `plot_embeddings` cannot draw."""
    is_text = isinstance(class_names, list | tuple) and all(isinstance(n, str) for n in class_names)
    if not is_text or not class_names:
        refuse("class_names", "a sequence of text", class_names)
    if getattr(labels, "ndim", None) != 1:
        refuse("labels", "an array (n,)", labels)
    check_instance("embeddings", embeddings, dict)
    if not embeddings:
        refuse("embeddings", "at least one", embeddings)
    for points in embeddings.values():
        if getattr(points, "shape", None) != (len(labels), 2):
            refuse("embeddings", f"arrays ({len(labels)}, 2), as many points as labels", points)
