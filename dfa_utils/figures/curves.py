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
    panels[0].legend(ncols=1 + len(histories) // 5)
    return figure


def plot_release(pretraining, releases, last_epochs):
    """Draw test error before and after the release of a frozen layer, with the end enlarged.

    Parameters
    ----------
    pretraining : History
    releases : dict of str to History
        What followed, by the name of the learning rule. What a branched run has carried
        over from before the release is left out.
    last_epochs : int
        How many epochs the lower panel enlarges.

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_instance("pretraining", pretraining, History)
    check_histories("releases", releases)
    last_epochs = check("last_epochs", last_epochs)
    figure, panels = stacked(2, 2.8)
    release = pretraining.epochs[-1] if len(pretraining.epochs) else 0
    last_epoch = max(history.epochs[-1] for history in releases.values())
    last_epochs = min(last_epochs, last_epoch)
    after = {label: (history.epochs >= release, history) for label, history in releases.items()}
    for axes in panels:
        draw_band(axes, pretraining.epochs, pretraining.held("test_error"), "first layer frozen")
        for (label, (late, history)), look in zip(
            after.items(), looks_of(releases).values(), strict=True
        ):
            epochs, errors = history.epochs[late], history.held("test_error")[late]
            if len(epochs) and epochs[0] > release and len(pretraining.epochs):
                epochs = np.concatenate([pretraining.epochs[-1:], epochs])
                errors = np.concatenate([pretraining.held("test_error")[-1:], errors])
            draw_band(axes, epochs, errors, f"released, {label}", look)
        axes.axvline(release, color=NEUTRAL, linestyle=":")
        axes.set_ylabel("test error (%)")
        count_epochs(axes)
    shown = [
        history.held("test_error")[history.epochs > last_epoch - last_epochs]
        for history in (pretraining, *releases.values())
    ]
    panels[0].set(title="All epochs", ylim=(0, 100))
    panels[1].set(
        xlim=(last_epoch - last_epochs, last_epoch),
        ylim=(0, 1.1 * max(values.max() for values in shown if values.size)),
        title=f"The last {last_epochs} epochs",
    )
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


def check_histories(name, histories):
    """Refuse what is not a dict of histories, each of at least one epoch, by name."""
    check_instance(name, histories, dict)
    if not histories or not all(isinstance(label, str) for label in histories):
        refuse(name, "at least one history, by name", list(histories))
    for history in histories.values():
        check_instance(name, history, History)
        if not len(history.epochs):
            refuse(name, "of at least one epoch", history)
