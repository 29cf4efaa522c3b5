"""How figures look: a colour, a line and a marker for each learning rule, bands, axes, letters."""

from itertools import cycle
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogFormatter, MaxNLocator

#: Inches. A page on a phone is about 350 pixels wide: letters of 10 points have 9 of them there.
WIDTH = 5.2
SMALL = 10  # points, of the smallest letters
NEUTRAL = "#555555"


class Look(NamedTuple):
    """How a learning rule is drawn: told apart by colour-blind eyes, and without any colour.

    Parameters
    ----------
    colour : str
    line : str or tuple
        A line style of Matplotlib.
    marker : str
    """

    colour: str
    line: str | tuple
    marker: str


#: By the name of a learning rule. The colours are those of Okabe and Ito's palette, of which the
#: orange is darkened: it has to stand out from white.
RULE_LOOKS = {
    "BP": Look("#0072B2", "-", "o"),
    "FA": Look("#009E73", (0, (1.5, 1.2)), "^"),
    "DFA": Look("#D55E00", (0, (5, 1.5)), "s"),
    "IFA": Look("#CC79A7", "-.", "D"),
    "DRTP": Look("#B58900", (0, (3, 1, 1, 1, 1, 1)), "v"),
    "KP": Look("#000000", (0, (7, 1.5, 1.5, 1.5)), "P"),
    "DKP": Look("#6A3D9A", (0, (4, 1.2, 1.2, 1.2, 1.2, 1.2)), "h"),
    "sDFA": Look("#DC143C", (0, (2, 2)), ">"),
    "shared": Look("#008B8B", (0, (6, 1, 1, 1)), "d"),
    "SS": Look("#B23CFF", (0, (9, 1.5, 3, 1.5)), "H"),
    "WM": Look("#1F1FE0", (0, (5, 1, 2, 1, 2, 1)), "*"),
    "NP": Look("#5B3A00", ":", "x"),
}
# Of rules that have no look of their own, such as one that is defined in a notebook.
FURTHER_LOOKS = (
    Look("#332288", (0, (3, 1.5)), "X"),
    Look("#882255", (0, (8, 2)), "8"),
    Look("#8B4513", (0, (1, 0.8)), "p"),
    Look("#117733", (0, (4, 1, 1, 1)), "<"),
)


def looks_of(names):
    """Return the look of every learning rule in a figure.

    Parameters
    ----------
    names : iterable of str
        Such as ``"DFA"``. Those that are not in
        `dfa_utils.figures.style.RULE_LOOKS` get further looks in their order.

    Returns
    -------
    dict of str to Look
        In the order of the names.
    """
    further = cycle(FURTHER_LOOKS)
    return {name: RULE_LOOKS.get(name) or next(further) for name in names}


def use_book_style():
    """Draw with light axes in the running notebook, as SVG: sharp on any screen.

    The notebook's own backend is chosen, whatever MPLBACKEND says: with another one no figure
    would be kept. A second run writes the same bytes: fixed ids, no date.
    """
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    shell = get_ipython()
    if hasattr(shell, "kernel"):
        shell.enable_matplotlib("inline")
        # After each cell pyplot draws all figures, for windows. Here there are none, and drawing
        # for the page alone takes much less time.
        plt.uninstall_repl_displayhook()
    # The resolution is that of what is drawn as pixels, such as a cloud of points.
    set_matplotlib_formats("svg", dpi=200, metadata={"Date": None, "Creator": None})
    plt.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#dddddd",
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "font.size": 11,
            "legend.frameon": False,
            "legend.handlelength": 2.4,  # a dash and a gap at least
            "svg.fonttype": "path",
            "svg.hashsalt": "dfa_utils.figures",
        }
    )


def stacked(panels, height, **options):
    """Return a figure and its panels, one below the other: side by side they are lost on a phone.

    Parameters
    ----------
    panels : int
    height : float
        Of a panel, in inches.
    **options
        Of ``matplotlib.pyplot.subplots``.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : numpy.ndarray of matplotlib.axes.Axes (panels,)
    """
    figure, axes = plt.subplots(
        panels, 1, figsize=(WIDTH, height * panels), squeeze=False, **options
    )
    return figure, axes[:, 0]


def draw_band(axes, epochs, values, label, look=None, **line):
    """Draw the mean over the seeds and a band around it.

    The band is one sample standard deviation to each side. On an axis that is logarithmic by now
    it reaches from the lowest to the highest seed where the deviation would take it to zero or
    below, and zero itself, which has no place there, is drawn at the lowest value above it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    epochs : numpy.ndarray (epochs,)
    values : numpy.ndarray (epochs, seeds)
    label : str
    look : Look, optional
        By default a plain grey line.
    **line
        Properties of the line, which come before those of the look.
    """
    colour, style = (look.colour, look.line) if look else (NEUTRAL, "-")
    line = {"color": colour, "linestyle": style} | line
    mean, floor = values.mean(axis=1), -np.inf
    if axes.get_yscale() == "log":
        floor = np.min(values, where=values > 0, initial=np.inf)
    axes.plot(epochs, np.maximum(mean, floor), label=label, **line)
    if values.shape[1] > 1:
        spread = values.std(axis=1, ddof=1)
        low, high = mean - spread, mean + spread
        if axes.get_yscale() == "log":
            too_low = low <= 0
            low = np.maximum(np.where(too_low, values.min(axis=1), low), floor)
            high = np.maximum(np.where(too_low, values.max(axis=1), high), floor)
        axes.fill_between(epochs, low, high, color=line["color"], alpha=0.25, linewidth=0)


def scale_errors(axes):
    """Give errors in percent a logarithmic axis with plain numbers, also between the decades."""
    axes.set_yscale("log")
    write_decades(axes.yaxis)


def write_decades(axis):
    """Write plain numbers along a logarithmic axis, between the decades where there is room."""
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))


def count_epochs(axes):
    """Name the horizontal axis, and mark whole epochs alone."""
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
