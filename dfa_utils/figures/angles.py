"""Figures of alignment angles: beside the errors, by layer, and image by image."""

import numpy as np

from dfa_utils.figures.curves import check_histories
from dfa_utils.figures.style import (
    NEUTRAL,
    SMALL,
    WIDTH,
    count_epochs,
    draw_band,
    looks_of,
)
from dfa_utils.validation import check_instance, numbers, refuse

COLUMNS = 2
ERROR_TICKS = (1, 3, 10, 30, 100)
SIZE_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 1, 2, 4, 10, 30)
ANGLES = "an array (epochs + 1, seeds, hidden layers)"


def plot_alignment(histories, angles):
    """Draw the test error and the angle of each hidden layer against the epoch.

    Parameters
    ----------
    histories : dict of str to History
        By the name of the learning rule, such as ``"DFA"``.
    angles : dict of str to numpy.ndarray (epochs + 1, seeds, hidden layers)
        By the same names, in degrees, as ``run.measured`` holds them: the first are those before
        the first epoch. Where there is no angle they are not-a-number.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds and bands, see `dfa_utils.figures.style.draw_band`.
    """
    import matplotlib.pyplot as plt

    angles = check_angles(histories, angles)
    layers = next(iter(angles.values())).shape[-1]
    rows = -(-(1 + layers) // COLUMNS)
    figure, panels = plt.subplots(
        rows, COLUMNS, figsize=(WIDTH, 2.5 * rows), squeeze=False, layout="constrained"
    )
    errors, *others = panels.flat
    errors.set_yscale("log")
    for rule, look in looks_of(histories).items():
        history = histories[rule]
        draw_band(errors, history.epochs, history.held("test_error"), rule, look)
        for axes, layer in zip(others, np.moveaxis(angles[rule], -1, 0), strict=False):
            draw_band(axes, np.arange(len(layer)), layer, rule, look)
    errors.set(title="Test error", ylabel="error (%)")
    errors.set_yticks(ERROR_TICKS, [f"{tick:g}" for tick in ERROR_TICKS])
    errors.minorticks_off()
    errors.legend()
    for number, axes in enumerate(others, start=1):
        axes.set(title=f"Angle, layer {number}", ylabel="degrees")
        axes.set(ylim=(-5, 125), yticks=(0, 30, 60, 90, 120))
        axes.set_visible(number <= layers)
    for axes in panels.flat:
        count_epochs(axes)
    return figure


def plot_layers(panels, ylabel, nulls=None, log=False):
    """Draw values against the number of the layer, a panel for each network or rule.

    Parameters
    ----------
    panels : dict of str to dict of str to numpy.ndarray (seeds, layers)
        By the title of the panel, and by the words for each line.
    ylabel : str
    nulls : dict of str to numpy.ndarray (..., layers), optional
        By the titles of panels, what would be measured by chance: a grey band from the lowest to
        the highest.
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    matplotlib.figure.Figure
        Means over the seeds, and bars of one sample standard deviation to each side.
    """
    import matplotlib.pyplot as plt

    check_instance("panels", panels, dict)
    if not panels:
        refuse("panels", "at least one", panels)
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    size = (WIDTH, 2.4 * rows + 0.4)
    figure, grid = plt.subplots(
        rows, columns, figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, lines) in zip(grid.flat, panels.items(), strict=False):
        for label, look in looks_of(lines).items():
            values = numbers("panels", lines[label], "an array (seeds, layers)", ndim=2)
            spread = values.std(axis=0, ddof=1) if len(values) > 1 else None
            line = {"color": look.colour, "linestyle": look.line, "marker": look.marker}
            at = np.arange(1, values.shape[1] + 1)
            axes.errorbar(at, values.mean(axis=0), spread, label=label, markersize=4, **line)
        if nulls and title in nulls:
            draws = np.reshape(nulls[title], (-1, np.shape(nulls[title])[-1]))
            low, high = draws.min(axis=0), draws.max(axis=0)
            band = {"color": NEUTRAL, "alpha": 0.3, "linewidth": 0, "label": "by chance"}
            axes.fill_between(np.arange(1, len(low) + 1), low, high, **band)
        axes.set(title=title, xlabel="layer", yscale="log" if log else "linear")
        axes.set_xticks(range(1, values.shape[1] + 1))
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    if log:
        low, high = grid[0, 0].get_ylim()
        ticks = [tick for tick in SIZE_TICKS if low <= tick <= high]
        grid[0, 0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        for axes in grid.flat:
            axes.minorticks_off()
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def plot_turn(shares):
    """Draw how the errors of the images turn towards those of BP, a half-disc for each epoch.

    Parameters
    ----------
    shares : numpy.ndarray (epochs + 1, seeds, layers, bins)
        From `dfa_utils.alignment.angle_shares`. The mean over the seeds is drawn.

    Returns
    -------
    matplotlib.figure.Figure
        A wedge for each part of the half turn, its area the share of the images. To the right is
        the direction of BP's error, upwards a right angle to it. Drawn are the first epoch with any
        angles (0 is before training), one in the middle and the last, and of the layers the same.
    """
    import matplotlib.pyplot as plt

    shares = numbers("shares", shares, "an array (epochs + 1, seeds, layers, bins)", ndim=4)
    shares = shares.mean(axis=1)
    bins, across = shares.shape[-1], {"projection": "polar"}
    known = np.flatnonzero(np.isfinite(shares).any(axis=(1, 2)))
    if not len(known):
        refuse("shares", "of at least one epoch with angles", shares)
    epochs, layers = _ends_and_middle(known), _ends_and_middle(range(1, shares.shape[1] + 1))
    size = (WIDTH, 0.6 * WIDTH * len(epochs) / len(layers))
    figure, grid = plt.subplots(
        len(epochs), len(layers), figsize=size, squeeze=False, subplot_kw=across
    )
    middles = (np.arange(bins) + 0.5) * np.pi / bins
    for epoch, row in zip(epochs, grid, strict=True):
        for layer, axes in zip(layers, row, strict=True):
            wedges = np.sqrt(np.nan_to_num(shares[epoch, layer - 1]))
            axes.bar(middles, wedges, np.pi / bins, color=looks_of(["DFA"])["DFA"].colour)
            axes.set(thetamin=0, thetamax=180, yticks=())
            axes.set_ylim(0, max(wedges.max(), 1e-9))
            shown = ["0°", "90°"] if epoch == epochs[-1] else ["", ""]
            axes.set_xticks([0, np.pi / 2], shown, fontsize=SMALL)
            axes.tick_params(pad=-2)
            axes.grid(visible=False)
            if epoch == epochs[0]:
                axes.set_title(f"Layer {layer}")
        row[0].set_ylabel(f"epoch {epoch}", labelpad=8)
    return figure


def _ends_and_middle(numbers):
    """Return the first, the middle and the last of some numbers, each once."""
    return sorted({int(numbers[k]) for k in (0, len(numbers) // 2, -1)})


def check_angles(histories, angles):
    """Return the angles as arrays, or refuse what does not belong together.

    Parameters
    ----------
    histories, angles : dict
        As `plot_alignment` takes them.

    Returns
    -------
    dict of str to numpy.ndarray

    Raises
    ------
    ValueError
    """
    check_histories("histories", histories)
    check_instance("angles", angles, dict)
    if set(angles) != set(histories):
        refuse("angles", f"by {', '.join(histories)}, as the histories are", list(angles))
    checked = {rule: numbers("angles", angles[rule], ANGLES) for rule in histories}
    for rule, values in checked.items():
        expected = (len(histories[rule].epochs) + 1, len(histories[rule].seeds))
        if values.ndim != 3 or values.shape[:2] != expected:
            refuse("angles", f"{ANGLES}, here {expected} and the layers", values.shape)
    shapes = {values.shape[-1] for values in checked.values()}
    if len(shapes) > 1:
        refuse("angles", "of the same number of layers", sorted(shapes))
    return checked
