"""The figure of errors beside alignment angles."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from dfa_utils.checks import check_instance, numbers, refuse
from dfa_utils.plots import draw_band

COLUMNS = 3
ERROR_TICKS = (1, 3, 10, 30, 100)
TEST_ERRORS, ANGLES = "an array (epochs, seeds)", "an array (epochs + 1, hidden layers, seeds)"


def plot_alignment(curves):
    """Draw the test error and the angle of each hidden layer against the epoch.

    Parameters
    ----------
    curves : dict of str to dict
        By learning rule (``"bp"``, ``"fa"``, ``"dfa"``): ``test_error``, numpy.ndarray
        (epochs, seeds) in percent, and ``angles``, numpy.ndarray (epochs + 1, hidden layers,
        seeds) in degrees, as `dfa_utils.alignment.follow_alignment` measures them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_curves("curves", curves)
    layers = next(iter(curves.values()))["angles"].shape[1]
    rows = -(-(1 + layers) // COLUMNS)
    figure, panels = plt.subplots(
        rows, COLUMNS, figsize=(8.5, 3 * rows), squeeze=False, layout="constrained"
    )
    errors, *angles = panels.flat
    for rule, values in curves.items():
        epochs = np.arange(len(values["angles"]))
        draw_band(errors, epochs[1:], values["test_error"], rule.upper(), rule.upper())
        for axes, layer in zip(angles, np.moveaxis(values["angles"], 1, 0), strict=False):
            draw_band(axes, epochs, layer, rule.upper(), rule.upper())
    errors.set(title="Test error", ylabel="error (%)", xlabel="epoch", yscale="log")
    errors.set_yticks(ERROR_TICKS, [f"{tick:g}" for tick in ERROR_TICKS])
    errors.minorticks_off()
    errors.legend()
    for number, axes in enumerate(angles, start=1):
        axes.set(title=f"Hidden layer {number}, angle", xlabel="epoch", ylabel="degrees")
        axes.set(ylim=(-5, 125), yticks=(0, 30, 60, 90, 120))
        axes.set_visible(number <= layers)
    for axes in panels.flat:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def check_curves(name, curves):
    """Refuse what is not a dict of errors and angles by rule, all of the same shape."""
    check_instance(name, curves, dict)
    if not curves or not set(curves) <= {"bp", "fa", "dfa"}:
        refuse(name, "by 'bp', 'fa', 'dfa'", list(curves))
    shapes = set()
    for values in curves.values():
        if not isinstance(values, dict) or set(values) != {"test_error", "angles"}:
            refuse(name, "of dicts with 'test_error' and 'angles'", values)
        errors = numbers(name, values["test_error"], TEST_ERRORS)
        angles = numbers(name, values["angles"], ANGLES)
        if errors.ndim != 2 or not errors.size:
            refuse(name, TEST_ERRORS, errors)
        if angles.ndim != 3 or angles.shape[::2] != (len(errors) + 1, errors.shape[1]):
            refuse(name, ANGLES, angles)
        shapes.add(angles.shape)
    if len(shapes) > 1:
        refuse(name, "of one shape", sorted(shapes))
