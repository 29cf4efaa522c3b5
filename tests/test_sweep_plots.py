"""The figures of a sweep over feedback scale and learning rate."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dfa_utils.history import History
from dfa_utils.sweep_plots import plot_against_product, plot_error_maps, plot_test_errors

ERRORS = {(1.0, 0.1): [2.0, 4.0], (0.1, 0.1): [50.0, 60.0], (1.0, 0.01): [0.0, 0.0]}


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Close what a test has drawn."""
    yield
    plt.close("all")


def test_a_map_has_the_smallest_scale_at_the_bottom_and_says_means_with_spread():
    figure = plot_error_maps({"SGD": ERRORS, "RMSprop": {(0.1, 0.001): [7.0]}})
    left, right, bar = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["0.1", "1"]
    assert [text.get_text() for text in left.get_xticklabels()] == ["0.01", "0.1"]
    (image,) = left.images
    field = image.get_array().filled(np.nan)
    np.testing.assert_array_equal(field, [[np.nan, 55.0], [0.0, 3.0]])
    assert image.origin == "lower"
    shown = {text.get_position(): text.get_text() for text in left.texts}
    deviation = np.sqrt(2)
    assert shown[1, 1] == f"3.00\n±{deviation:.2f}"
    assert [text.get_text() for text in right.texts] == ["7.00"]  # one seed has no spread
    assert image.norm is right.images[0].norm
    assert bar.get_ylabel() == "test error (%)"


def test_text_on_a_map_stands_out_from_its_field():
    errors = {(1.0, rate): [100 * 0.8**step] for step, rate in enumerate(np.arange(1, 33))}
    (axes, _) = plot_error_maps({"SGD": errors}).axes
    (image,) = axes.images
    for text in axes.texts:
        column, row = text.get_position()
        red, green, blue, _ = image.cmap(image.norm(image.get_array()[row, column]))
        ground = np.array([red, green, blue])
        linear = np.where(ground <= 0.04045, ground / 12.92, ((ground + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        ink = 1.0 if text.get_color() == "white" else 0.0
        light, dark = max(luminance, ink), min(luminance, ink)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_against_the_product_there_is_a_line_for_each_rate_with_its_scales_in_order():
    (axes,) = plot_against_product(ERRORS).axes
    lines = {bars.get_label(): bars.lines[0] for bars in axes.containers}
    assert list(lines) == ["0.01", "0.1"]
    np.testing.assert_allclose(lines["0.1"].get_xdata(orig=False), [0.01, 0.1])
    np.testing.assert_allclose(lines["0.1"].get_ydata(orig=False), [55, 3])


def test_every_run_has_a_curve_of_its_means_and_a_band():
    curve = np.array([[4.0, 6.0], [2.0, 2.0]])
    two = History((0, 1), np.arange(1, 3), *[curve] * 4)
    one = History((0,), np.arange(1, 3), *[curve[:, :1]] * 4)
    (axes,) = plot_test_errors({"two seeds": two, "one seed": one}).axes
    assert [line.get_label() for line in axes.lines] == ["two seeds", "one seed"]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [5, 2])
    assert len(axes.collections) == 1


@pytest.mark.parametrize(
    "errors", [{}, {(0, 0.1): [1]}, {(1, 0.1): []}, {(1, 0.1): [np.nan]}, {1: [2]}]
)
def test_what_is_no_map_is_refused(errors):
    with pytest.raises(ValueError, match=r"must be .*, got"):
        plot_error_maps({"SGD": errors})
    with pytest.raises(ValueError, match=r"must be .*, got"):
        plot_against_product(errors)
