"""Figures of what runs have measured besides their errors."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from dfa_utils.figures.style import NEUTRAL, WIDTH, count_epochs, draw_band, looks_of
from dfa_utils.validation import check, check_instance, numbers, refuse

COLUMNS = 2
LETTERS = 36  # of three labels that have room beside one another
MEASURED = "an array (epochs + 1, seeds) or (epochs + 1, seeds, panels)"


def plot_measured(values, ylabel, titles=None):
    """Draw measurements against the epoch, from before the first one on.

    Parameters
    ----------
    values : dict of str to numpy.ndarray (epochs + 1, seeds) or (epochs + 1, seeds, panels)
        By the name of the learning rule, such as ``"DFA"``, or by other words. Epochs without a
        measurement are not-a-number, and a panel without any is left out.
    ylabel : str
        What has been measured.
    titles : sequence of str, optional
        Of the panels, those that are left out included; by default the numbers of layers.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds and bands, see `dfa_utils.figures.style.draw_band`, with a line at
        zero where the values have either sign.
    """
    check_instance("values", values, dict)
    ylabel, stacks = check("ylabel", ylabel, "name"), {}
    for label, array in values.items():
        array = numbers("values", array, MEASURED)
        stacks[label] = array[:, :, None] if array.ndim == 2 else array
    shapes = {array.shape[2:] for array in stacks.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        refuse("values", f"at least one, each {MEASURED}", sorted(shapes))
    ((panels,),) = shapes
    layers = [f"Layer {k + 1}" for k in range(panels)] if panels > 1 else [""]
    titles = layers if titles is None else titles
    if not isinstance(titles, list | tuple) or len(titles) != panels:
        refuse("titles", f"{panels}, one for each panel", titles)
    known = [np.isfinite(array).any(axis=(0, 1)) for array in stacks.values()]
    shown = np.flatnonzero(np.any(known, axis=0))
    columns = max(1, min(COLUMNS, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    size = (WIDTH, 2.2 * rows + 0.6 if panels > 1 else 3.2)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    for axes, k in zip(grid.flat, shown, strict=False):
        for label, look in looks_of(stacks).items():
            draw_band(axes, np.arange(len(stacks[label])), stacks[label][:, :, k], label, look)
        drawn = np.concatenate([array[:, :, k].ravel() for array in stacks.values()])
        if np.nanmin(drawn) < 0 < np.nanmax(drawn):
            axes.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=1)
        axes.set(title=titles[k], ylabel=ylabel)
        count_epochs(axes)
        axes.xaxis.get_major_locator().set_params(nbins=10 // columns - 1)
    lines = grid[0, 0].get_legend_handles_labels()
    columns = 3 if len("".join(stacks)) <= LETTERS else 2
    figure.legend(*lines, loc="outside upper center", ncols=columns)
    return figure


def plot_against(places, values, xlabel, ylabel, logarithmic=False):
    """Draw measurements against what was varied.

    Parameters
    ----------
    places : sequence of float
        Along the horizontal axis, in rising or falling order.
    values : dict of str to numpy.ndarray (places, seeds)
        By the name of the learning rule, such as ``"DFA"``, or by other words.
    xlabel, ylabel : str
    logarithmic : bool
        Whether both axes are.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds and bands, see `dfa_utils.figures.style.draw_band`, with a marker at
        each place.
    """
    check_instance("values", values, dict)
    places = numbers("places", places, "a number for each place", ndim=1)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    axes.set(xlabel=check("xlabel", xlabel, "name"), ylabel=check("ylabel", ylabel, "name"))
    if logarithmic:
        axes.set(xscale="log", yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.set_xticks(places)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())
    _draw_against(axes, places, values)
    figure.legend(loc="outside upper center", ncols=3 if len("".join(values)) <= LETTERS else 2)
    return figure


def plot_panels_against(places, panels, xlabel, ylabel):
    """Draw measurements against what was varied, a panel for each kind of measurement.

    Parameters
    ----------
    places : sequence of float
        As `plot_against` takes them.
    panels : dict of str to dict of str to numpy.ndarray (places, seeds)
        By title, and as `plot_against` takes them; not every panel needs all lines.
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.figure.Figure
        Panels share both axes; in each, what `plot_against` draws.
    """
    check_instance("panels", panels, dict)
    if not panels:
        refuse("panels", "at least one", panels)
    for values in panels.values():
        check_instance("panels", values, dict)
    places = numbers("places", places, "a number for each place", ndim=1)
    xlabel, ylabel = check("xlabel", xlabel, "name"), check("ylabel", ylabel, "name")
    rows = -(-len(panels) // COLUMNS)
    options = {"squeeze": False, "sharex": True, "sharey": True}
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(WIDTH, 2.2 * rows + 0.7), **options)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    looks = looks_of(dict.fromkeys(label for values in panels.values() for label in values))
    for axes, (title, values) in zip(grid.flat, panels.items(), strict=False):
        _draw_against(axes, places, values, looks)
        axes.set_title(title)
    for axes in grid[-1]:
        axes.set_xlabel(xlabel)
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    known = {}  # lines that not every panel has among them
    for axes in grid.flat:
        known |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    columns = 3 if len("".join(known)) <= LETTERS else 2
    figure.legend(known.values(), known.keys(), loc="outside upper center", ncols=columns)
    return figure


def _draw_against(axes, places, values, looks=None):
    """Draw lines with bands and markers, or refuse values that do not fit the places."""
    for label, look in (looks or looks_of(values)).items():
        if label in values:
            rows = numbers("values", values[label], "an array (places, seeds)")
            if rows.ndim != 2 or len(rows) != len(places):
                refuse("values", f"arrays of {len(places)} places", rows.shape)
            draw_band(axes, places, rows, label, look, marker=look.marker, markersize=4)


def mark_epoch(figure, epoch):
    """Draw a dotted line at an epoch, such as that of a change, in every panel of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    epoch : int
    """
    for axes in figure.axes:
        axes.axvline(check("epoch", epoch, "until"), color=NEUTRAL, linestyle=":")
