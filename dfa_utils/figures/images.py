"""Pictures in rows, of images or of weights, and tables of networks as shades."""

import math

import matplotlib.pyplot as plt
import numpy as np

from dfa_utils.figures.maps import MAP_COLOURS
from dfa_utils.figures.style import SMALL, WIDTH
from dfa_utils.validation import check, check_instance, numbers, refuse

GREY, SIGNED = "gray_r", "PuOr"
BRIGHTEST = 99.5  # percentile of the sizes of all weights, which gets the full colour
LABELS = 0.9  # inches, of the words beside a row
COLUMNS = 2
SHAPE = "(height, width) or (height, width, colours), whole numbers above zero"


def plot_images(rows, image_shape, captions=None, signed=False):
    """Draw images in rows, all on one scale of colours.

    Parameters
    ----------
    rows : dict of str to numpy.ndarray (n, pixels)
        By the words beside each row.
    image_shape : tuple of int
        (height, width), or (height, width, 3), of whose colours the mean is drawn.
    captions : dict of str to sequence of str, optional
        By the same words, what is written below each image of a row.
    signed : bool
        Whether they are weights: then zero is white and the signs have a colour each, which is full
        from the 99.5th percentile of the sizes of all of them on. Otherwise the lowest value of all
        is white, and the highest black.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shape = numbers("image_shape", image_shape, SHAPE, ndim=1)
    if shape.dtype.kind not in "iu" or len(shape) not in (2, 3) or not shape.min() > 0:
        refuse("image_shape", SHAPE, image_shape)
    shape = tuple(map(int, shape))
    captions = {} if captions is None else captions
    for name, value in (("rows", rows), ("captions", captions)):
        check_instance(name, value, dict)
    if not all(isinstance(texts, list | tuple) for texts in captions.values()):
        refuse("captions", "lists of text", captions)
    pictures, allowed = {}, f"finite arrays (n, {math.prod(shape)}), at least one, n at least 1"
    if not rows:
        refuse("rows", allowed, rows)
    for words, images in rows.items():
        images = numbers("rows", images, allowed, ndim=2)
        if images.shape[1] != math.prod(shape) or not np.isfinite(images).all():
            refuse("rows", allowed, images)
        images = images.reshape(-1, *shape).astype(float)
        pictures[check("words", words, "name")] = images.mean(axis=-1) if len(shape) > 2 else images
    values = np.concatenate([images.ravel() for images in pictures.values()])
    low, high, colours = values.min(), values.max(), GREY
    if signed:
        high, colours = np.percentile(np.abs(values), BRIGHTEST), SIGNED
        low = -high
    columns, below = max(map(len, pictures.values())), 0.25 if captions else 0.0
    side = (WIDTH - LABELS) / columns
    size = (WIDTH, len(pictures) * (side * shape[0] / shape[1] + below) + 0.1)
    figure, grid = plt.subplots(
        len(pictures), columns, figsize=size, squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02)
    for axes in grid.flat:
        axes.set(xticks=(), yticks=())
        axes.spines[:].set_visible(False)
    for (words, images), line in zip(pictures.items(), grid, strict=True):
        beside = {"rotation": 0, "ha": "right", "va": "center", "fontsize": SMALL}
        line[0].set_ylabel(words, **beside)
        for axes, image in zip(line, images, strict=False):
            axes.imshow(image, cmap=colours, vmin=low, vmax=high)
        for axes, text in zip(line, captions.get(words, ()), strict=False):
            axes.set_xlabel(text, fontsize=SMALL, labelpad=1)
    return figure


def plot_pairs(tables, names, label):
    """Draw what was measured of each two networks as shades, a panel for each table.

    Parameters
    ----------
    tables : dict of str to numpy.ndarray (rules, seeds, rules, seeds)
        By the title of the panel. A network with itself is left white.
    names : sequence of str
        Of the rules, written beside their seeds.
    label : str
        What the shades show, on one scale for all panels, from zero or the lowest value below it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_instance("tables", tables, dict)
    is_text = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    if not is_text or not names:
        refuse("names", "a sequence of text", names)
    count = len(names)
    allowed = (
        f"finite arrays ({count}, seeds, {count}, seeds), at least one, of two networks or more"
    )
    if not tables:
        refuse("tables", allowed, tables)
    label, squares = check("label", label, "name"), {}
    for title, table in tables.items():
        table = numbers("tables", table, allowed, ndim=4).astype(float)
        seeds = table.shape[1]
        fits = table.shape == (count, seeds, count, seeds) and count * seeds > 1
        if not fits or not np.isfinite(table).all():
            refuse("tables", allowed, table)
        squares[check("title", title, "name")] = table.reshape(count * seeds, -1)
        np.fill_diagonal(squares[title], np.nan)
    every = np.concatenate([square.ravel() for square in squares.values()])
    scale = {"vmin": min(0, np.nanmin(every)), "vmax": np.nanmax(every), "cmap": MAP_COLOURS}
    columns = min(COLUMNS, len(squares))
    rows = -(-len(squares) // columns)
    size = (WIDTH, rows * WIDTH / columns + 0.8)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat[len(squares) :]:
        axes.set_visible(False)
    for axes, (title, square) in zip(grid.flat, squares.items(), strict=False):
        image = axes.imshow(square, **scale)
        seeds = len(square) // len(names)
        middles = (np.arange(len(names)) + 0.5) * seeds - 0.5
        axes.set_xticks(middles, names, rotation=90, fontsize=SMALL)
        axes.set_yticks(middles, names, fontsize=SMALL)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for place in np.arange(1, len(names)) * seeds - 0.5:
            axes.axhline(place, color="white", linewidth=1.5)
            axes.axvline(place, color="white", linewidth=1.5)
        axes.set_title(title)
    figure.colorbar(image, ax=grid, location="bottom", aspect=40, label=label)
    return figure
