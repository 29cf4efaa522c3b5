"""Figures with a point for each learning rule: its test error, and the bias and variance of it."""

import matplotlib.pyplot as plt
import numpy as np

from dfa_utils.figures.style import NEUTRAL, WIDTH, looks_of, write_decades
from dfa_utils.validation import check_instance, numbers, refuse


def plot_errors_by_rule(errors):
    """Draw the errors of several rules below one another, on a logarithmic axis.

    Parameters
    ----------
    errors : dict of str to numpy.ndarray (seeds,)
        By the name of the rule, in percent, from the top to the bottom.

    Returns
    -------
    matplotlib.figure.Figure
        A line for the mean, and a dot for each seed.
    """
    check_instance("errors", errors, dict)
    if not errors:
        refuse("errors", "of at least one rule", errors)
    figure, axes = plt.subplots(figsize=(WIDTH, 0.28 * len(errors) + 0.9))
    for place, (name, look) in enumerate(looks_of(errors).items()):
        values = numbers("errors", errors[name], "an array (seeds,)", ndim=1)
        axes.plot(values, np.full(len(values), place), ".", color=look.colour, alpha=0.6)
        axes.plot(values.mean(), place, "|", color=look.colour, markersize=16, markeredgewidth=2)
    axes.set_xscale("log")
    write_decades(axes.xaxis)
    axes.set_yticks(range(len(errors)), list(errors))
    axes.set(ylim=(len(errors) - 0.4, -0.6), xlabel="test error (%)")
    return figure


def plot_bias_and_variance(judged):
    """Draw for each rule the direction of its mean gradient against how much single ones vary.

    Parameters
    ----------
    judged : dict of str to numpy.ndarray (seeds, 4)
        By the name of the rule, as `dfa_utils.alignment.bias_and_variance` returns them.

    Returns
    -------
    matplotlib.figure.Figure
        A marker at the mean over the seeds, and a dot for each. The variance is that of the rule
        divided by that of back-propagation on the same network: a line marks where both are equal.
        A rule without any number is left out.
    """
    check_instance("judged", judged, dict)
    if not judged:
        refuse("judged", "of at least one rule", judged)
    figure, axes = plt.subplots(figsize=(WIDTH, 4.2))
    for name, look in looks_of(judged).items():
        rows = numbers("judged", judged[name], "an array (seeds, 4)", ndim=2)
        if rows.shape[1] != 4:
            refuse("judged", "an array (seeds, 4)", rows)
        cosine, variance, _, exact = rows.T
        if np.isnan(cosine).all():
            continue
        axes.plot(cosine, variance / exact, ".", color=look.colour, markersize=3)
        at = np.nanmean(cosine), np.nanmean(variance / exact)
        axes.plot(*at, look.marker, color=look.colour, label=name, markersize=7, alpha=0.8)
    axes.axhline(1, color=NEUTRAL, linewidth=0.8, zorder=1)
    axes.set_yscale("log")
    write_decades(axes.yaxis)
    axes.set(xlabel="cosine of the mean gradient with BP's", ylabel="variance / that of BP")
    figure.legend(loc="outside upper center", ncols=4)
    return figure
