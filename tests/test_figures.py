"""The measured figures: what they show, what they refuse, and that a phone shows it too."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_info, threadpool_limits

from dfa_utils.figures import (
    RULE_LOOKS,
    embed,
    plot_against_product,
    plot_alignment,
    plot_embeddings,
    plot_error_curves,
    plot_error_maps,
    plot_images,
    plot_layers,
    plot_pairs,
    plot_pictures,
    plot_release,
    plot_seeds,
    plot_test_errors,
    plot_turn,
    plot_variations,
)
from dfa_utils.figures.style import draw_band, scale_errors
from dfa_utils.history import History

PHONE = 350  # pixels that a page on a phone has for a figure

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
    assert bar.get_xlabel() == "test error (%)"


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


def history(errors, start=1):
    """Return a history of which every quantity is the same, (epochs, seeds)."""
    errors = np.asarray(errors, dtype=float)
    epochs = np.arange(start, start + len(errors))
    return History(tuple(range(errors.shape[1])), epochs, *[errors] * 4)


FALLING = history(30 * 0.8 ** np.arange(12)[:, None] * [1.0, 1.1, 1.3])


RULES_SHOWN = ["BP", "FA", "DFA", "untrained"]
LAYERS = {"errors": np.full((3, 7), 60.0), "weights": np.full((3, 7), 70.0)}


def every_figure():
    """Return each figure by its name."""
    histories = {"BP": FALLING, "DFA": FALLING, "of my own": FALLING}
    angles = dict.fromkeys(histories, np.full((13, 3, 5), 60.0))
    grid = {(s, r): [3.21, 4.3] for s in (0.01, 0.1, 1) for r in (1e-4, 3e-4, 1e-3, 0.01, 0.1, 1)}
    labels = np.arange(30) % 10
    points = np.random.default_rng(0).standard_normal((30, 2))
    names = ("T-shirt/top", *"bcdefghi", "Ankle boot")
    return {
        "curves": plot_error_curves(histories),
        "many curves": plot_error_curves(
            histories | dict.fromkeys(["SS", "DRTP", "last"], FALLING)
        ),
        "release": plot_release(FALLING, {"BP": FALLING}, 4, 5),
        "tests": plot_test_errors(histories),
        "seeds": plot_seeds(histories),
        "angles": plot_alignment(histories, angles),
        "embeddings": plot_embeddings(dict.fromkeys("abc", points), labels, names),
        "maps": plot_error_maps({"SGD": grid, "RMSprop": grid}),
        "product": plot_against_product(grid),
        "pictures": plot_pictures(PICTURES, (0, 1), "7"),
        "layers": plot_layers({"FA, wide": LAYERS, "DFA, deep": LAYERS}, "degrees"),
        "images": plot_images(dict.fromkeys(["untrained", "DFA"], np.ones((8, 6))), (2, 3)),
        "pairs": plot_pairs(dict.fromkeys("abc", np.ones((4, 3, 4, 3))), RULES_SHOWN, "CKA"),
        "turn": plot_turn(np.full((9, 3, 7, 36), 1 / 36)),
    }


def test_letters_are_legible_on_a_phone(monkeypatch):
    monkeypatch.setitem(plt.rcParams, "font.size", 11)  # as in the style of the book
    monkeypatch.setitem(plt.rcParams, "figure.constrained_layout.use", True)
    for name, figure in every_figure().items():
        figure.canvas.draw()
        width = figure.get_figwidth() * 72
        box = figure.get_tightbbox()
        assert box.x0 > -0.02 and box.x1 < figure.get_figwidth() + 0.02, name
        for text in figure.findobj(Text):
            if text.get_text() and text.get_visible():
                assert text.get_fontsize() * PHONE / width >= 9, (name, text.get_text())


PICTURE = np.arange(6.0).reshape(2, 3) / 5
PICTURES = {
    "as it is": {"BP": (PICTURE, "7"), "last layer": (PICTURE, "7")},
    "the gradient": {"BP": (1 - PICTURE, "3")},
}


def test_pictures_stand_in_a_grid_with_their_names_below():
    figure = plot_pictures(PICTURES, (0, 1), "7")
    assert len(figure.axes) == 4 and [len(axes.images) for axes in figure.axes] == [1, 1, 1, 0]
    names = [(axes.get_xlabel(), axes.xaxis.label.get_fontweight()) for axes in figure.axes[:3]]
    assert names == [("7", "normal"), ("7", "normal"), ("3", "bold")]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["BP", "last layer"]
    assert [axes.get_ylabel() for axes in figure.axes[::2]] == list(PICTURES)
    (image,) = figure.axes[2].images
    np.testing.assert_array_equal(image.get_array(), 1 - PICTURE)
    assert image.get_clim() == (0, 1)


@pytest.mark.parametrize(
    "rows", [{}, {"one": {}}, {"one": {"BP": ("x", "7")}}, {"one": {"BP": (PICTURE[0], "7")}}]
)
def test_no_pictures_are_refused(rows):
    with pytest.raises(ValueError, match=r"rows must be .*, got"):
        plot_pictures(rows, (0, 1), "7")


def test_layers_are_drawn_by_number_with_what_chance_gives():
    values = np.array([[10.0, 20.0], [12.0, 26.0], [14.0, 29.0]])
    null = np.array([[[80.0, 85.0]], [[95.0, 91.0]]])
    left, right = plot_layers(
        {"A": {"errors": values}, "B": {"errors": values}}, "degrees", {"A": null}
    ).axes
    assert (left.get_title(), right.get_title()) == ("A", "B")
    line = left.lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [1, 2])
    np.testing.assert_array_equal(line.get_ydata(), [12.0, 25.0])
    (bars,) = (c for c in left.collections if hasattr(c, "get_segments"))
    reach = [segment[:, 1] for segment in bars.get_segments()]
    np.testing.assert_allclose(
        reach, np.transpose(values.mean(0) + [[-1], [1]] * values.std(0, ddof=1))
    )
    (band,) = (c for c in left.collections if not hasattr(c, "get_segments"))
    low, high = band.get_paths()[0].vertices.min(axis=0), band.get_paths()[0].vertices.max(axis=0)
    assert (low[1], high[1]) == (80, 95)
    assert len(right.collections) == 1  # no band


def test_errors_turn_in_half_discs_of_the_first_the_middle_and_the_last_epoch():
    shares = np.zeros((5, 2, 4, 6))
    shares[0] = np.nan  # as of a network that starts from zero
    shares[1:, :, :, 2] = 1.0
    shares[4, 0, 3], shares[4, 1, 3] = [1, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0]
    figure = plot_turn(shares)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["Layer 1", "Layer 3", "Layer 4"]
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["epoch 1", "epoch 3", "epoch 4"]
    heights = [bar.get_height() for bar in figure.axes[-1].patches]
    np.testing.assert_allclose(np.square(heights), [0.75, 0.25, 0, 0, 0, 0])
    assert figure.axes[-1].patches[0].get_width() == pytest.approx(np.pi / 6)


def test_each_error_has_an_axis_of_its_own():
    errors = history([[50.0, 60.0], [20.0, 30.0]])
    learned = replace(errors, train_error=np.array([[9.0, 8.0], [0.01, 0.02]]))
    upper, lower = plot_error_curves({"DFA": learned}).axes
    assert upper.get_ylim()[0] < 0.02 and lower.get_ylim()[0] > 10
    assert upper.get_yscale() == lower.get_yscale() == "log"
    assert upper.lines[0].get_color() == RULE_LOOKS["DFA"].colour


def test_many_curves_have_their_legend_beside_the_panels():
    names = ["BP", "SS", "FA", "DFA", "DRTP"]
    few, many = (plot_error_curves(dict.fromkeys(names[:count], FALLING)) for count in (4, 5))
    assert few.axes[0].get_legend() and not few.legends
    (legend,) = many.legends
    assert [text.get_text() for text in legend.get_texts()] == names
    assert not many.axes[0].get_legend()


def band_of(values, log):
    """Return the line and the lower and upper end of a band that has been drawn."""
    _, axes = plt.subplots()
    if log:
        scale_errors(axes)
    values = np.asarray(values, dtype=float)
    draw_band(axes, np.arange(len(values)), values, "x")
    (line,), (band,) = axes.lines, axes.collections
    outline = band.get_paths()[0].vertices[:-1]
    ends = [outline[outline[:, 0] == epoch][:, 1] for epoch in range(len(values))]
    return line.get_ydata(), [(low.min(), low.max()) for low in ends]


def test_a_band_is_one_deviation_to_each_side():
    line, ends = band_of([[4, 6], [1, 3]], log=False)
    np.testing.assert_allclose(line, [5, 2])
    np.testing.assert_allclose(ends, [(5 - 2**0.5, 5 + 2**0.5), (2 - 2**0.5, 2 + 2**0.5)])


def test_a_band_that_would_reach_zero_runs_from_the_lowest_to_the_highest_seed():
    """With the deviation it would be a stripe down to the end of a logarithmic axis."""
    line, ends = band_of([[4, 6], [0.1, 0.1], [0.02, 0.9], [0, 0.5], [0, 0]], log=True)
    np.testing.assert_allclose(line, [5, 0.1, 0.46, 0.25, 0.02])
    np.testing.assert_allclose(ends[0], (5 - 2**0.5, 5 + 2**0.5))
    np.testing.assert_allclose(ends[2:], [(0.02, 0.9), (0.02, 0.5), (0.02, 0.02)])


def test_a_bar_over_a_product_stays_above_zero():
    (axes,) = plot_against_product({(1.0, 0.1): [0.02, 0.02, 5.0]}).axes
    (bar,) = axes.containers[0].lines[2][0].get_segments()
    assert bar[0, 1] > 0


def test_a_release_is_drawn_from_the_epoch_in_which_the_networks_part():
    frozen = history([[80, 90], [40, 50], [38, 48], [36, 46]])
    released = history([[80, 90], [40, 50], [45, 55], [20, 30]])
    figure = plot_release(frozen, {"DFA": released}, 2, 2)
    for axes in figure.axes:
        grey, line = axes.lines[:2]
        np.testing.assert_array_equal(grey.get_xydata(), [[1, 85], [2, 45], [3, 43], [4, 41]])
        np.testing.assert_array_equal(line.get_xydata(), [[2, 45], [3, 50], [4, 25]])
    whole, train, test = figure.axes
    assert whole.get_xlim() == (0, 4) and train.get_xlim() == test.get_xlim() == (2, 4)
    assert train.get_ylim() == test.get_ylim() == (0, pytest.approx(1.1 * 55))
    assert [axes.get_title().split()[0] for axes in figure.axes] == ["Test", "Train", "Test"]


def test_a_release_after_the_end_is_refused_and_all_epochs_can_be_enlarged():
    with pytest.raises(ValueError, match=r"^release must be at most 12, the last epoch, got 13$"):
        plot_release(FALLING, {"BP": FALLING}, 13, 5)
    train = plot_release(FALLING, {"BP": FALLING}, 4, 10**30).axes[1]
    assert train.get_xlim()[0] == 0


def test_each_seed_is_drawn_and_their_median():
    errors = history([[90.0, 80.0, 90.0], [90.0, 0.0, 4.0]])
    (axes,) = plot_seeds({"FA": errors}).axes
    lines = [line.get_ydata().tolist() for line in axes.lines]
    assert lines == [[90, 90], [80, 4], [90, 4], [90, 4]]
    assert {line.get_color() for line in axes.lines} == {RULE_LOOKS["FA"].colour}


PANELS = {
    "rank": {"DFA": {"1": [90.0, 80.0], "10": [8.0, 9.0]}, "FA": {"10": [7.0, 7.5]}},
    "noise": {"BP": {"0.3": [5.0, 6.0]}},
}


def test_variants_stand_side_by_side_with_a_dot_for_each_seed():
    figure = plot_variations(PANELS, "test error (%)", {"frozen": [40.0, 42.0]})
    rank, noise = figure.axes
    assert [text.get_text() for text in rank.get_xticklabels()] == ["1", "10"]
    lines = {line.get_label(): line for line in rank.lines}
    np.testing.assert_allclose(lines["DFA"].get_data(), [[0, 1], [85, 8.5]])
    np.testing.assert_allclose(lines["FA"].get_data(), [[1], [7.25]])
    dots = [line for line in rank.lines if line.get_linestyle() == "None"]
    assert sorted(y for line in dots for y in line.get_ydata()) == [7, 7.5, 8, 9, 80, 90]
    assert [y for axes in (rank, noise) for y in axes.lines[-1].get_ydata()] == [41] * 4
    assert rank.get_yscale() == "log" and rank.get_ylabel() == "test error (%)"
    (legend,) = figure.legends  # of lines that are in any panel
    assert {text.get_text() for text in legend.get_texts()} == {"DFA", "FA", "BP", "frozen"}
    assert plot_variations(PANELS, "degrees", logarithmic=False).axes[0].get_yscale() == "linear"
    assert len(plot_variations(PANELS, "degrees", columns=10**30).axes) == len(PANELS)


def test_no_variants_are_refused():
    with pytest.raises(ValueError, match="panels must be at least one"):
        plot_variations({}, "test error (%)")


def test_angles_are_drawn_from_before_the_first_epoch():
    angles = np.full((13, 3, 2), 90.0)
    angles[0] = np.nan
    errors, first, second, unused = plot_alignment({"FA": FALLING}, {"FA": angles}).axes
    assert errors.lines[0].get_xdata()[0] == 1
    for axes in (first, second):
        assert axes.lines[0].get_xdata()[0] == 0
        assert axes.lines[0].get_color() == RULE_LOOKS["FA"].colour
    assert not unused.get_visible()


@pytest.mark.parametrize(
    "angles",
    [
        {},
        {"DFA": np.ones((13, 3, 2))},
        {"FA": np.ones((12, 3, 2))},
        {"FA": np.ones((13, 2, 2))},
        {"FA": "text"},
        {"FA": None},
    ],
)
def test_angles_that_do_not_belong_to_the_histories_are_refused(angles):
    with pytest.raises(ValueError, match=r"angles must be .*, got"):
        plot_alignment({"FA": FALLING}, angles)


def test_a_hundred_classes_are_drawn_without_a_legend():
    points = np.random.default_rng(0).standard_normal((200, 2))
    names = tuple(f"class {k}" for k in range(100))
    assert plot_embeddings({"a": points}, np.arange(200) % 100, names).legends == []


def test_embedding_takes_one_thread(monkeypatch):
    threads = set()

    def fit_transform(_, features):
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "openmp"]
        threads.update(pool["num_threads"] for pool in pools)
        return features[:, :2]

    monkeypatch.setattr(TSNE, "fit_transform", fit_transform)
    with threadpool_limits(2, user_api="openmp"):
        embed(np.random.default_rng(0).standard_normal((20, 3)))
    assert threads == {1}


def test_embedding_separates_clusters_and_repeats():
    generator, labels = np.random.default_rng(0), np.arange(60) % 3
    images = generator.standard_normal((3, 6))[labels] + 0.3 * generator.standard_normal((60, 6))
    points = embed(images)
    np.testing.assert_array_equal(points, embed(images))
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).mean() > 0.9


def drawn(figure):
    """Return the pictures in a figure, as they are told to be coloured."""
    return [image for axes in figure.axes for image in axes.get_images()]


def test_images_share_one_scale():
    rows = {"one": [[0.0, 1, 2, 3, 4, 5]], "two": [[1.0] * 6, [7.0] * 6]}
    figure = plot_images(rows, (2, 3), {"two": ["3:0", "2:0"]})
    assert len(drawn(figure)) == 3
    assert {image.get_clim() for image in drawn(figure)} == {(0.0, 7.0)}
    np.testing.assert_array_equal(drawn(figure)[0].get_array(), [[0, 1, 2], [3, 4, 5]])
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "3:0", "2:0"]
    assert figure.axes[0].get_ylabel() == "one"


def test_weights_have_zero_in_the_middle():
    weights = np.zeros((1, 1000))
    weights[0, :10] = -2.0
    weights[0, 10] = 50.0
    (image,) = drawn(plot_images({"BP": weights}, (20, 50), signed=True))
    assert image.get_clim() == (-2.0, 2.0)
    coloured = np.tile([0.0, 3.0, 6.0], (2, 4))
    (image, _) = drawn(plot_images({"BP": coloured}, (2, 2, 3), signed=True))
    np.testing.assert_array_equal(image.get_array(), np.full((2, 2), 3.0))


def test_a_table_of_networks_leaves_out_each_with_itself():
    table = np.arange(16.0).reshape(2, 2, 2, 2) / 16 - 0.1
    figure = plot_pairs({"layer 1": table}, ["BP", "DFA"], "linear CKA")
    (image,) = drawn(figure)[:1]
    shown = np.ma.filled(image.get_array(), np.nan)
    assert np.isnan(np.diagonal(shown)).all() and shown[0, 1] == table[0, 0, 0, 1]
    assert image.get_clim() == (pytest.approx(1 / 16 - 0.1), pytest.approx(14 / 16 - 0.1))


@pytest.mark.parametrize(
    "call",
    [
        lambda: plot_images({}, (2, 3)),
        lambda: plot_images({"a": np.ones((1, 5))}, (2, 3)),
        lambda: plot_images({"a": np.ones((0, 6))}, (2, 3)),
        lambda: plot_pairs({}, ["BP"], "CKA"),
        lambda: plot_pairs({"a": np.ones((2, 2, 2, 2))}, ["BP"], "CKA"),
        lambda: plot_pairs({"a": np.ones((2, 2))}, ["BP"], "CKA"),
    ],
)
def test_pictures_of_nothing_are_refused(call):
    with pytest.raises(ValueError, match=r"must be .*, got"):
        call()
