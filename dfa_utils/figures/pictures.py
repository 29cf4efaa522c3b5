"""Pictures in rows and columns, each with a word: what a network calls it."""

import matplotlib.pyplot as plt

from dfa_utils.figures.style import SMALL, WIDTH
from dfa_utils.validation import check, check_instance, numbers, refuse


def plot_pictures(rows, input_range, truth):
    """Draw pictures in a grid.

    Parameters
    ----------
    rows : dict of str to dict of str to (numpy.ndarray (rows, columns), str)
        By the words for a row, and for a column: the picture, and what it is called. What is
        missing stays empty.
    input_range : (float, float)
        What black and white are.
    truth : str
        What the pictures show. Where they are called otherwise, the word is set in bold.

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_instance("rows", rows, dict)
    (low, high), truth = check("input_range", input_range), check("truth", truth, "name")
    for row in rows.values():
        if not isinstance(row, dict) or not all(map(_is_named, row.values())):
            refuse("rows", "dicts of pairs, a picture and a word", row)
    columns = dict.fromkeys(word for row in rows.values() for word in row)
    if not columns:
        refuse("rows", "of at least one picture", rows)
    size = (WIDTH, WIDTH * (len(rows) + 0.4) / (len(columns) + 1.1))
    figure, grid = plt.subplots(len(rows), len(columns), figsize=size, squeeze=False)
    for (title, row), line in zip(rows.items(), grid, strict=True):
        for name, axes in zip(columns, line, strict=True):
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            axes.spines[:].set_visible(False)
            if name in row:
                picture = numbers("rows", row[name][0], "pictures (rows, columns)", ndim=2)
                axes.imshow(picture, cmap="gray_r", vmin=low, vmax=high)
                called = row[name][1]
                weight = "normal" if called == truth else "bold"
                axes.set_xlabel(called, fontsize=SMALL, fontweight=weight, labelpad=1)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=SMALL)
    for name, axes in zip(columns, grid[0], strict=True):
        axes.set_title(name, fontsize=SMALL)
    return figure


def _is_named(entry):
    """Tell whether something is a pair of which the second is a word."""
    return isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[1], str)
