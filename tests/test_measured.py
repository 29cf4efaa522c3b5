"""Figures of measurements, a panel for each layer."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
from test_figures import PHONE

from dfa_utils.figures import (
    RULE_LOOKS,
    mark_epoch,
    plot_against,
    plot_measured,
    plot_panels_against,
)

RISING = np.arange(4.0)[:, None, None] + np.array([[0.0], [1.0], [2.0]]) * [1, 10]


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Close what a test has drawn."""
    yield
    plt.close("all")


def test_each_layer_has_a_panel_from_before_the_first_epoch():
    figure = plot_measured({"DFA": RISING, "FA": RISING[:2]}, "K")
    first, second = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["Layer 1", "Layer 2"]
    dfa, fa = second.lines[:2]
    np.testing.assert_array_equal(dfa.get_xydata(), [[0, 10], [1, 11], [2, 12], [3, 13]])
    assert len(fa.get_xdata()) == 2 and fa.get_color() == RULE_LOOKS["FA"].colour
    assert first.get_ylabel() == "K"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["DFA", "FA"]


def test_measurements_without_layers_share_one_panel_without_a_title():
    (axes,) = plot_measured({"BP": RISING[:, :, 0]}, "loss (nats)").axes
    assert axes.get_title() == "" and len(axes.lines) == 1


def test_a_panel_without_a_value_is_left_out_and_a_gap_is_not():
    values = np.concatenate([RISING, np.full_like(RISING[:, :, :1], np.nan)], axis=-1)
    values[0] = np.nan
    figure = plot_measured({"DFA": values}, "L", titles=["a", "b", "c"])
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).tolist() == [True, False, False, False]


def test_zero_is_marked_where_values_have_either_sign():
    (axes,) = plot_measured({"DFA": RISING[:, :, 0] - 1.5}, "L").axes
    assert [line.get_ydata()[0] for line in axes.lines][-1] == 0 and len(axes.lines) == 2


def test_a_change_is_marked_in_every_panel():
    figure = plot_measured({"DFA": RISING}, "K")
    mark_epoch(figure, 2)
    for axes in figure.axes:
        assert axes.lines[-1].get_xdata() == [2, 2]


def test_letters_are_legible_on_a_phone(monkeypatch):
    monkeypatch.setitem(plt.rcParams, "font.size", 11)
    monkeypatch.setitem(plt.rcParams, "figure.constrained_layout.use", True)
    lines = dict.fromkeys(["the epoch before", "before training", "another of its class"])
    stack = np.repeat(RISING[:, :, :1], 5, axis=-1) - 1
    for figure in (
        plot_measured(dict.fromkeys(lines, stack), "degrees"),
        plot_measured(dict.fromkeys(lines, stack[:, :, 0]), "cosine"),
    ):
        figure.canvas.draw()
        box, width = figure.get_tightbbox(), figure.get_figwidth()
        assert box.x0 > -0.02 and box.x1 < width + 0.02, box
        for text in figure.findobj(Text):
            if text.get_text() and text.get_visible():
                assert text.get_fontsize() * PHONE / (width * 72) >= 9, text.get_text()


@pytest.mark.parametrize(
    ("values", "titles"),
    [
        ({}, None),
        ({"DFA": np.ones(3)}, None),
        ({"DFA": "text"}, None),
        ([RISING], None),
        ({"DFA": RISING, "FA": RISING[:, :, :1]}, None),
        ({"DFA": RISING}, ["one"]),
    ],
)
def test_what_cannot_be_drawn_is_refused(values, titles):
    with pytest.raises(ValueError, match=r"(values|titles) must be .*, got"):
        plot_measured(values, "K", titles)


def test_measurements_are_drawn_against_what_was_varied():
    figure = plot_against([1, 10, 100], {"DFA": RISING[:3, :, 0]}, "width", "distance", True)
    (axes,) = figure.axes
    assert axes.get_xlabel() == "width" and axes.get_xscale() == axes.get_yscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 10, 100])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), RISING[:3, :, 0].mean(axis=1))


@pytest.mark.parametrize("places", [[1, 2], [], ["a", "b", "c"], 3.0])
def test_places_that_do_not_fit_are_refused(places):
    with pytest.raises(ValueError, match="must be"):
        plot_against(places, {"DFA": RISING[:3, :, 0]}, "width", "distance")


def test_panels_share_axes_and_looks():
    rows = RISING[:3, :, 0]
    panels = {"own way": {"DFA": rows}, "worst": {"BP": 2 * rows, "mine": rows, "DFA": 3 * rows}}
    figure = plot_panels_against([0, 0.1, 0.2], panels, "epsilon", "error")
    left, right = (axes for axes in figure.axes if axes.get_visible())
    assert [axes.get_title() for axes in (left, right)] == list(panels)
    assert left.get_ylim() == right.get_ylim() and left.get_ylabel() == "error"
    assert left.get_xlabel() == right.get_xlabel() == "epsilon"
    assert [line.get_label() for line in left.lines] == ["DFA"]
    drawn = {line.get_label(): line for line in right.lines}
    assert drawn["DFA"].get_color() == left.lines[0].get_color() == RULE_LOOKS["DFA"].colour
    np.testing.assert_allclose(drawn["BP"].get_ydata(), 2 * rows.mean(axis=1))
    assert [text.get_text() for text in figure.legends[0].texts] == ["DFA", "BP", "mine"]


@pytest.mark.parametrize("panels", [{}, {"one": [1.0]}, {"one": {"DFA": RISING[:2, :, 0]}}, None])
def test_panels_that_do_not_fit_are_refused(panels):
    with pytest.raises(ValueError, match=r"(panels|values) must be .*, got"):
        plot_panels_against([1, 2, 3], panels, "epsilon", "error")
