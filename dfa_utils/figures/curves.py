"""Figures of errors against the epoch."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from dfa_utils.figures.style import (
    NEUTRAL,
    WIDTH,
    count_epochs,
    draw_band,
    looks_of,
    scale_errors,
    stacked,
)
from dfa_utils.history import History
from dfa_utils.validation import check, check_instance, refuse

SHADES = "viridis_r"
MARKERS = "os^DvP"


def plot_error_curves(histories):
    """Draw train and test error against the epoch, each on an axis of its own.

    Parameters
    ----------
    histories : dict of str to History
        By the name of the learning rule, such as ``"DFA"``.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds and bands, see `dfa_utils.figures.style.draw_band`. A seed that has
        stopped keeps its last value.
    """
    check_histories("histories", histories)
    figure, panels = stacked(2, 2.8)
    for axes, quantity in zip(panels, ("train_error", "test_error"), strict=True):
        scale_errors(axes)
        for (label, history), look in zip(
            histories.items(), looks_of(histories).values(), strict=True
        ):
            draw_band(axes, history.epochs, history.held(quantity), label, look)
        axes.set(title=f"{quantity.split('_')[0].capitalize()} error", ylabel="error (%)")
        count_epochs(axes)
    if len(histories) > 4:  # within a panel they would lie upon the curves
        lines = panels[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside upper center", ncols=3)
    else:
        panels[0].legend()
    return figure


def plot_release(frozen, releases, release, last_epochs):
    """Draw errors before and after the release of a frozen layer, beside what stays frozen.

    Parameters
    ----------
    frozen : History
        Of networks whose layer is frozen to the end.
    releases : dict of str to History
        Of copies of them that were released, by the name of the learning rule. Their epochs up to
        the release are those of the frozen networks, and left out.
    release : int
        The last epoch before it.
    last_epochs : int
        How many epochs the lower panels enlarge.

    Returns
    -------
    matplotlib.figure.Figure
        The test error of all epochs, then train and test error of the last ones: means over the
        seeds and bands, see `dfa_utils.figures.style.draw_band`.
    """
    check_instance("frozen", frozen, History)
    check_histories("releases", releases)
    release, last_epochs = check("release", release, "until"), check("last_epochs", last_epochs)
    last_epoch = max(int(history.epochs[-1]) for history in releases.values())
    if release > last_epoch:
        refuse("release", f"at most {last_epoch}, the last epoch", release)
    first = max(0, last_epoch - last_epochs)
    figure, panels = stacked(3, 2.7)
    looks = looks_of(releases)
    for axes, quantity in zip(panels, ("test_error", "train_error", "test_error"), strict=True):
        highest = 0.0
        draw_band(axes, frozen.epochs, frozen.held(quantity), "first layer frozen")
        for label, history in releases.items():
            # The line begins where the networks part, at their common last epoch.
            late, values = history.epochs >= release, history.held(quantity)
            draw_band(axes, history.epochs[late], values[late], f"released, {label}", looks[label])
        for history in (frozen, *releases.values()):
            shown = history.held(quantity)[history.epochs > first]
            highest = max(highest, np.max(shown, initial=0.0))
        axes.axvline(release, color=NEUTRAL, linestyle=":")
        kind = quantity.split("_")[0]
        axes.set(ylabel="error (%)", title=f"{kind.capitalize()} error, last {last_epochs} epochs")
        axes.set(xlim=(first, last_epoch), ylim=(0, 1.1 * highest))
        count_epochs(axes)
    panels[0].set(title="Test error, all epochs", xlim=(0, last_epoch), ylim=(0, 100))
    panels[0].legend()
    return figure


def plot_test_errors(histories):
    """Draw the test error of several runs against the epoch.

    Parameters
    ----------
    histories : dict of str to History
        By the words for each run.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds and bands, see `dfa_utils.figures.style.draw_band`.
    """
    check_histories("histories", histories)
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6))
    scale_errors(axes)
    shades = plt.get_cmap(SHADES)(np.linspace(0.15, 1, len(histories)))
    for (label, history), colour, marker in zip(histories.items(), shades, cycle(MARKERS)):
        every = max(1, len(history.epochs) // 10)
        line = {"color": colour, "marker": marker, "markevery": every, "markersize": 4}
        draw_band(axes, history.epochs, history.held("test_error"), label, **line)
    axes.set_ylabel("test error (%)")
    count_epochs(axes)
    axes.legend()
    return figure


def plot_seeds(histories):
    """Draw the test error of each seed against the epoch, one panel below the other.

    Parameters
    ----------
    histories : dict of str to History
        By the name of the learning rule, such as ``"DFA"``.

    Returns
    -------
    matplotlib.figure.Figure
        A thin line for each seed, and a thick one for their median, which says what a mean does
        not where some of the seeds have learned and others have not.
    """
    check_histories("histories", histories)
    figure, panels = stacked(len(histories), 2.2, sharex=True, sharey=True)
    looks = looks_of(histories)
    for axes, (label, history) in zip(panels, histories.items(), strict=True):
        scale_errors(axes)
        errors, colour = history.held("test_error"), looks[label].colour
        lowest = np.min(errors, where=errors > 0, initial=np.inf)
        shown = np.maximum(errors, lowest)  # zero has no place on a logarithmic axis
        axes.plot(history.epochs, shown, color=colour, linewidth=0.9, alpha=0.6)
        axes.plot(history.epochs, np.median(shown, axis=1), color=colour, linewidth=2.5)
        axes.set(title=label, ylabel="test error (%)")
    count_epochs(panels[-1])
    return figure


def check_histories(name, histories):
    """Refuse what is not a dict of histories, each of at least one epoch, by name."""
    check_instance(name, histories, dict)
    if not histories or not all(isinstance(label, str) for label in histories):
        refuse(name, "at least one history, by name", list(histories))
    for history in histories.values():
        check_instance(name, history, History)
        if not len(history.epochs):
            refuse(name, "of at least one epoch", history)
