"""Grids of scale and rate, the probe of nearest neighbours, and who is ahead of whom."""

import numpy as np
import pytest
from small_data import small_run

from dfa_utils.chapter import grids
from dfa_utils.chapter.probes import (
    linear_errors,
    neighbour_errors,
    record_probes,
    training_errors,
)
from dfa_utils.chapter.verdicts import compare_means, judge_order

ERRORS = {
    (0.1, 0.1): np.array([4.0, 6.0]),
    (0.01, 1.0): np.array([3.0, 6.0]),
    (0.03, 0.3): np.array([9.0, 9.0]),
    (1.0, 0.1): np.array([5.0, 9.0]),
    (0.1, 1.0): np.array([50.0, 70.0]),
}


def test_a_stored_sweep_is_read_by_optimizer_scale_and_rate():
    found = grids.load_grids("scale_and_rate", 50)
    assert {name: sorted(grid) for name, grid in found.items()} == {
        "sgd": [(0.01, 0.01), (0.01, 0.1), (0.1, 0.01), (0.1, 0.1)],
        "rmsprop": [(0.1, 0.0001)],
    }
    history = found["rmsprop"][0.1, 0.0001]
    errors = grids.last_errors(found["rmsprop"], "train_error")
    np.testing.assert_array_equal(errors[0.1, 0.0001], history.train_error[-1])
    assert grids.load_grids("scale_and_rate", 7) == {}


def test_the_effect_of_the_scale_is_that_at_one_rate():
    effects = grids.effects_of_scale(ERRORS)
    assert effects[0.1] == (2.0, 3.0, pytest.approx(8**0.5))
    assert effects[1.0] == (55.5, 64.0, pytest.approx(200**0.5))
    assert effects[0.3] == (0.0, 0.0, 0.0)


def test_along_a_product_the_largest_rate_is_compared_with_the_smallest():
    (change,) = grids.changes_along_products(ERRORS, largest=0.01).items()
    product, (low, high, values) = change
    assert product == pytest.approx(0.01) and (low, high) == (0.1, 1.0)
    np.testing.assert_array_equal(values, [-1.0, 0.0])
    assert len(grids.changes_along_products(ERRORS, largest=0.1)) == 2


def test_products_that_are_merely_close_are_not_compared():
    grid = {(0.01, 0.01): np.array([9.0]), (0.003, 0.03): np.array([10.0])}
    assert grids.changes_along_products(grid, largest=1.0) == {}
    grid = {(0.003, 0.1): np.array([7.0]), (0.1, 0.003): np.array([8.0])}
    assert list(grids.changes_along_products(grid, largest=1.0)) == [0.0003]


def test_what_is_printed_of_a_grid(capsys):
    grids.print_changes(ERRORS, largest=0.01)
    grids.record_effects("rmsprop", ERRORS)
    printed = capsys.readouterr().out
    assert "product 0.01000, rate 0.1 to 1: -0.50 ± 0.71" in printed
    assert "rate 0.1: mean 2.00, one seed 3.00, deviation 2.83" in printed


def test_neighbours_are_sought_among_the_others_seed_by_seed():
    labels = np.array([0, 0, 1, 1])
    apart = [[0.0], [1.0], [10.0], [11.0]]
    mixed = [[0.0], [10.0], [1.0], [11.0]]
    np.testing.assert_array_equal(neighbour_errors(np.array([apart, mixed]), labels), [0, 100])
    for features, wrong in (([apart], labels[:3]), (apart, labels), ([[[1.0]]], labels[:1])):
        with pytest.raises(ValueError, match="must be an array"):
            neighbour_errors(np.array(features), wrong)


def test_a_linear_probe_is_fitted_to_one_set_and_counted_on_another():
    rng, labels = np.random.default_rng(0), np.arange(200) % 2
    apart = rng.standard_normal((1, 200, 3)) + 10 * labels[:, None]
    mixed = rng.standard_normal((1, 200, 3))
    found = [linear_errors(h, labels, h[:, :100] + 0.1, labels[:100]) for h in (apart, mixed)]
    assert found[0] == 0 and 25 < found[1] < 60
    with pytest.raises(ValueError, match="labels must be"):
        linear_errors(apart, labels, apart, labels[:3])


def test_probes_of_pixels_and_of_every_layer_are_recorded(capsys):
    record_probes({"bp": small_run(), "dfa": small_run()}, 5)
    printed = capsys.readouterr().out
    assert printed.count("pixels   linear error") == 1
    assert printed.count("bp_layer_1 neighbour error") == 1
    assert printed.count("dfa_layer_2 linear error") == 1


def test_who_is_ahead_is_judged_seed_by_seed(capsys):
    errors = {"a": np.array([1.0, 5.0, 9.0]), "b": np.array([2.0, 6.1, 10.0])}
    judge_order("live", errors | {"c": np.array([9.0, 5.0, 1.0])})
    lines = [x for x in capsys.readouterr().out.splitlines() if "ahead" in x and " or " in x]
    assert lines == ["a or b: a is ahead", "a or c: neither is ahead", "b or c: neither is ahead"]


def test_means_are_compared_by_welchs_test(capsys):
    compare_means("x", {"a": np.array([1.0, 1.1, 0.9]), "b": np.array([2.0, 2.1, 1.9])})
    assert "b minus a: +1.000 points, p = 0.00" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["numpy", "torch", "strict"])
def test_training_errors_are_those_of_the_networks_as_they_stand(other):
    run = small_run(backend=other).fit(1)
    data, to_host = run.data, run.data.backend.to_host
    logits = to_host(run.network.logits(run.params, data.train_images))
    expected = [
        100
        * np.mean(
            [row.argmax() != k for row, k in zip(one, to_host(data.train_labels), strict=True)]
        )
        for one in logits
    ]
    np.testing.assert_allclose(to_host(training_errors(run)), expected)
