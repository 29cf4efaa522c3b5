"""Figures of measured values beside published ones."""

import matplotlib.pyplot as plt
import numpy as np

from dfa_utils.figures.style import NEUTRAL, WIDTH, looks_of
from dfa_utils.validation import check_instance, refuse


def plot_intervals(published, measured, unit="percentage points"):
    """Draw each cell of a table as two intervals, around the published mean.

    Parameters
    ----------
    published : dict of (str, str) to (float, float)
        By row and rule, such as ``("2x800 tanh", "DFA")``: mean and spread.
    measured : dict of (str, str) to numpy.ndarray (seeds,)
        By the same names. What is not there is drawn as missing.
    unit : str

    Returns
    -------
    matplotlib.figure.Figure
        Above, a grey bar from mean - spread to mean + spread as published, moved to zero; below
        it, moved as far, in the colour of the rule, the same of the measured values, with a line
        at their mean and a dot for each seed.
    """
    check_instance("published", published, dict)
    check_instance("measured", measured, dict)
    if not published:
        refuse("published", "at least one cell", published)
    looks, place, places, names = looks_of(dict.fromkeys(r for _, r in published)), 0, {}, {}
    for row, rule in published:
        if row not in names:
            place += 1
            names[row] = place
        place += 1
        places[row, rule] = place
    figure, axes = plt.subplots(figsize=(WIDTH, 0.27 * place + 1))
    for cell, y in places.items():
        (mean, spread), values, look = published[cell], measured.get(cell), looks[cell[1]]
        axes.plot([-spread, spread], [y - 0.2] * 2, color=NEUTRAL, linewidth=4)
        if values is None:
            axes.text(0, y + 0.35, "not run yet", fontsize=8, color=NEUTRAL, ha="center")
            continue
        values = values - mean
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        reach = values.mean() - spread, values.mean() + spread
        axes.plot(reach, [y + 0.15] * 2, color=look.colour, linewidth=4, alpha=0.4)
        axes.plot(values, np.full(len(values), y + 0.15), ".", color=look.colour, markersize=4)
        axes.plot(values.mean(), y + 0.15, "|", color=look.colour, markersize=9)
    labels = {y: f"{rule}  {published[row, rule][0]:.2f}" for (row, rule), y in places.items()}
    axes.set_yticks(list(labels), list(labels.values()))
    for row, y in names.items():
        where = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
        axes.text(-0.02, y + 0.1, row, fontweight="bold", **where)
    axes.axvline(0, color=NEUTRAL, linewidth=0.8)
    axes.set(ylim=(place + 0.8, 0.3), xlabel=f"test error minus the published mean ({unit})")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.plot([], [], color=NEUTRAL, linewidth=4, label="paper")
    for rule, look in looks.items():
        axes.plot([], [], color=look.colour, linewidth=4, alpha=0.4, label=f"here, {rule}")
    figure.legend(loc="outside upper center", ncols=2)
    return figure
