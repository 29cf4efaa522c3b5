"""Small multiples: what changes when one thing about the networks is varied."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from dfa_utils.figures.style import NEUTRAL, WIDTH, looks_of, scale_errors
from dfa_utils.validation import check, check_instance, numbers, refuse

EACH = "a number for each seed"
NESTED = "a dict of dicts of dicts, with words as names"


def plot_variations(panels, ylabel, levels=None, columns=2, logarithmic=True):
    """Draw what was measured against what was varied, a panel for each thing that was varied.

    Parameters
    ----------
    panels : dict of str to dict of str to dict of str to array_like (seeds,)
        By title, by the words for a line, such as a rule, and by the words for a variant. The
        variants of a panel stand side by side in their order, at equal distances.
    ylabel : str
        What was measured.
    levels : dict of str to array_like (seeds,), optional
        By their words, what each panel is to be compared with, drawn as a line at the mean.
    columns : int
        How many panels stand side by side, at most.
    logarithmic : bool
        Whether the vertical axis is one for errors in percent.

    Returns
    -------
    matplotlib.figure.Figure
        A dot for each seed, and a line through the means. Panels share their vertical axis.
    """
    check_instance("panels", panels, dict)
    if not panels:
        refuse("panels", "at least one", panels)
    check_instance("levels", {} if levels is None else levels, dict)
    for lines in panels.values():
        if not isinstance(lines, dict) or not all(map(_is_named, (lines, *lines.values()))):
            refuse("panels", NESTED, panels)
    ylabel, columns = check("ylabel", ylabel, "name"), check("columns", columns, "most")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    size = (WIDTH, 1.9 * rows + 0.8)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True)
    looks = looks_of(dict.fromkeys(label for lines in panels.values() for label in lines))
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, lines) in zip(grid.flat, panels.items(), strict=False):
        names = list(dict.fromkeys(name for line in lines.values() for name in line))
        for label, line in lines.items():
            places = [names.index(name) for name in line]
            values = [numbers("panels", seeds, EACH, ndim=1) for seeds in line.values()]
            look, means = looks[label], [np.mean(seeds) for seeds in values]
            axes.plot(places, means, color=look.colour, linestyle=look.line, label=label)
            for place, seeds in zip(places, values, strict=True):
                dots = {"color": look.colour, "marker": look.marker, "markersize": 4, "alpha": 0.6}
                axes.plot([place] * len(seeds), seeds, linestyle="none", **dots)
        for (label, seeds), dots in zip((levels or {}).items(), cycle((":", "--"))):
            level = np.mean(numbers("levels", seeds, EACH, ndim=1))
            axes.axhline(level, color=NEUTRAL, linestyle=dots, label=label)
        crowded = sum(len(name) + 2 for name in names) > 60 / columns
        axes.set_xticks(range(len(names)), names, rotation=90 if crowded else 0)
        axes.set_title(title)
        axes.margins(x=0.1)
        if logarithmic:
            scale_errors(axes)
            axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    known = {}  # lines that not every panel has among them
    for axes in grid.flat:
        known |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    columns = 2 if len(known) > 3 else 3
    figure.legend(known.values(), known.keys(), loc="outside upper center", ncols=columns)
    return figure


def _is_named(row):
    """Tell whether something is a dict whose keys can be written."""
    return isinstance(row, dict) and all(isinstance(name, str) for name in row)
