"""Figures of a sweep over feedback scale and learning rate."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from dfa_utils.figures.curves import MARKERS, SHADES
from dfa_utils.figures.style import SMALL, WIDTH, scale_errors, write_decades
from dfa_utils.validation import check, check_instance, numbers, refuse

# From this share of the range of colours on, white text stands out better than black.
DARK = 0.672
MAP_COLOURS = "Purples"  # one hue: it stays what it is where dark mode turns light round
LABEL = "test error (%)"
LOWEST = 0.01  # percent: zero has no place on a logarithmic scale


def plot_error_maps(maps, label=LABEL, scales=None):
    """Draw errors over a scale and the learning rate, one panel below the other.

    Parameters
    ----------
    maps : dict of str to dict of (float, float) to array_like (seeds,)
        By title, and by scale and learning rate: errors in percent. What is missing in the grid
        stays empty.
    label : str
        What the colours show.
    scales : dict of str to str, optional
        By title, which scale it is; by default that of the feedback.

    Returns
    -------
    matplotlib.figure.Figure
        Each field shows the mean over the seeds, and the sample standard deviation if there are
        several. All panels share one logarithmic range of colours.
    """
    check_instance("maps", maps, dict)
    if not maps:
        refuse("maps", "at least one", maps)
    label, scales = check("label", label, "name"), scales or {}
    check_instance("scales", scales, dict)
    maps = {title: _checked("maps", errors) for title, errors in maps.items()}
    means = [values.mean() for errors in maps.values() for values in errors.values()]
    norm = LogNorm(max(min(means), LOWEST), max(*means, LOWEST), clip=True)
    rows = [len({scale for scale, _ in errors}) for errors in maps.values()]
    figure, panels = plt.subplots(
        len(maps), 1, figsize=(WIDTH, 0.55 * sum(rows) + 1.1 * len(rows)), height_ratios=rows
    )
    panels = np.atleast_1d(panels)
    for axes, (title, errors) in zip(panels, maps.items(), strict=True):
        image = _draw_map(axes, errors, norm)
        axes.set(title=title, ylabel=scales.get(title, "feedback scale"))
    panels[-1].set_xlabel("learning rate")
    bar = figure.colorbar(image, ax=panels, location="bottom", aspect=40, label=label)
    write_decades(bar.ax.xaxis)
    return figure


def plot_against_product(errors):
    """Draw the test error against feedback scale times learning rate, one line for each rate.

    Parameters
    ----------
    errors : dict of (float, float) to array_like (seeds,)
        By feedback scale and learning rate, in percent.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds. Bars reach one sample standard deviation to each side if there are
        several seeds, downwards no further than the lowest of them.
    """
    errors = _checked("errors", errors)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.8))
    rates = sorted({rate for _, rate in errors})
    shades = plt.get_cmap(SHADES)(np.linspace(0.25, 1, len(rates)))
    for rate, colour, marker in zip(rates, shades, cycle(MARKERS)):
        scales = sorted(scale for scale, other in errors if other == rate)
        values = [errors[scale, rate] for scale in scales]
        spreads = [v.std(ddof=1) if len(v) > 1 else 0.0 for v in values]
        down = [min(s, v.mean() - v.min()) for s, v in zip(spreads, values, strict=True)]
        axes.errorbar(
            [scale * rate for scale in scales],
            [max(v.mean(), LOWEST) for v in values],
            yerr=[down, spreads],
            color=colour,
            marker=marker,
            capsize=2,
            label=f"{rate:g}",
        )
    axes.set(xscale="log", xlabel="feedback scale × learning rate", ylabel=LABEL)
    scale_errors(axes)
    axes.legend(title="learning rate")
    return figure


def _checked(name, errors):
    """Return errors by feedback scale and learning rate, as arrays, or refuse them."""
    check_instance(name, errors, dict)
    if not errors:
        refuse(name, "at least one point", errors)
    checked = {}
    for point, values in errors.items():
        if not isinstance(point, tuple) or len(point) != 2:
            refuse(name, "by pairs of feedback scale and learning rate", point)
        scale = check("feedback_scale", point[0], "learning_rate")  # logarithmic: not zero
        values = numbers(name, values, "errors in percent, one for each seed")
        if values.ndim != 1 or not values.size or not ((values >= 0) & (values <= 100)).all():
            refuse(name, "errors in percent, one for each seed", values)
        checked[scale, check("learning_rate", point[1])] = values.astype(float)
    return checked


def _draw_map(axes, errors, norm):
    """Draw one map and write its values into it; return the image."""
    scales, rates = (sorted(set(axis)) for axis in zip(*errors, strict=True))
    field = np.full((len(scales), len(rates)), np.nan)
    for (scale, rate), values in errors.items():
        row, column = scales.index(scale), rates.index(rate)
        field[row, column] = values.mean()
        text = f"{values.mean():.2f}"
        if len(values) > 1:
            text += f"\n±{values.std(ddof=1):.2f}"
        colour = "white" if norm(values.mean()) > DARK else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=colour)
    image = axes.imshow(field, norm=norm, cmap=MAP_COLOURS, origin="lower", aspect="auto")
    axes.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set_yticks(range(len(scales)), [f"{scale:g}" for scale in scales])
    axes.grid(False)
    return image
