"""The figure of errors beside alignment angles."""

import numpy as np

from dfa_utils.figures.curves import check_histories
from dfa_utils.figures.style import WIDTH, count_epochs, draw_band, looks_of
from dfa_utils.validation import check_instance, numbers, refuse

COLUMNS = 2
ERROR_TICKS = (1, 3, 10, 30, 100)
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
