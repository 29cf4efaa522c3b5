"""The effect of each parameter of a sweep, averaged over all others."""

import numpy as np
from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from dfa_utils.sweep.words import short_text

COLOUR = "#0072B2"
COLUMNS = 3
# From this ratio of the largest to the smallest value on, an axis is logarithmic.
LOGARITHMIC = 20


def plot_marginals(table, record, varied):
    """Draw the mean of a record, and one sample deviation around it, against each parameter.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each value of the record.
    record : str
    varied : list of str
        The columns of the parameters, one panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(varied) // COLUMNS)
    size = (4 * min(len(varied), COLUMNS), 3.2 * rows)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, min(len(varied), COLUMNS), squeeze=False, sharey=True)
    for axes in panels.flat[len(varied) :]:
        axes.set_axis_off()
    for axes, name in zip(panels.flat, varied, strict=False):
        _draw(axes, table, record, name)
    for axes in panels[:, 0]:
        axes.set_ylabel(record.replace("_", " "))
    return figure


def _draw(axes, table, record, name):
    """Draw one panel."""
    groups = table[record].astype(float).groupby(table[name], dropna=False)
    means, spread = groups.mean(), groups.std()
    values = means.index
    places = np.arange(len(values))
    numbers = is_numeric_dtype(values) and not is_bool_dtype(values) and not values.hasnans
    if numbers:
        places = values.to_numpy(dtype=float)
        if places.min() > 0 and places.max() >= LOGARITHMIC * places.min():
            axes.set_xscale("log")
    else:
        axes.set_xticks(places, [short_text(value) for value in values], rotation=20, ha="right")
    axes.errorbar(
        places,
        means,
        yerr=spread.fillna(0),
        fmt="o-" if numbers else "o",
        color=COLOUR,
        capsize=3,
    )
    axes.set_xlabel(name)
    axes.grid(color="#dddddd")
