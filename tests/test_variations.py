"""Runs that differ in one thing: trained once each, measured, and judged by a rule."""

import numpy as np
import pytest
from small_data import bits, small_run

from dfa_utils import Checkpoint, error_angles
from dfa_utils.chapter import verdicts
from dfa_utils.studies import variations
from dfa_utils.studies.variations import (
    by_layer,
    errors_of,
    judge_each,
    judge_learning,
    judge_narrow,
    layers_of,
    limits_of,
    profiles_of,
    train_each,
    verdict,
)


class Kept:
    """A chapter that keeps checkpoints in a folder, or none."""

    def __init__(self, folder=None):
        self.folder, self.names = folder, []

    def checkpoint(self, name):
        self.names.append(name)
        return self.folder and Checkpoint(self.folder / name)


def runs():
    usual = small_run()
    return {"rule": {"DFA": usual, "BP": small_run("bp")}, "again": {"usual": usual}}


def test_each_run_is_trained_once_and_measured_at_its_end(tmp_path):
    chapter, begun = Kept(), runs()
    ends = train_each(begun, 3, {"angle": error_angles}, chapter, "some")
    assert chapter.names == ["some_rule_DFA", "some_rule_BP"]
    plain = small_run().fit(3)
    assert bits(begun["rule"]["DFA"]) == bits(plain)
    np.testing.assert_array_equal(ends["rule"]["DFA"]["angle"], error_angles(plain))
    for kind in ("train_error", "test_error"):
        np.testing.assert_array_equal(ends["rule"]["DFA"][kind], plain.history.last(kind))
    np.testing.assert_array_equal(ends["again"]["usual"]["angle"], error_angles(plain))
    kept = Kept(tmp_path)
    train_each(runs(), 2, {}, kept, "some")
    found = train_each(runs(), 3, {}, kept, "some")["rule"]["DFA"]["test_error"]
    np.testing.assert_array_equal(found, ends["rule"]["DFA"]["test_error"])


def test_what_is_stored_is_read_as_what_is_live():
    """Lists in the place of arrays, None in that of not-a-number, outputs beside hidden layers."""
    row = {
        "one": {"test_error": [1.0, 2.0], "angle": [[10, None], [30, 40]]},
        "two": {"test_error": np.array([3.0, 4.0]), "angle": np.array([[1, 2, 3], [4, 5, 6]])},
    }
    errors = errors_of(row)
    assert {words: list(values) for words, values in errors.items()} == {
        "one": [1.0, 2.0],
        "two": [3.0, 4.0],
    }
    layers = layers_of(row, "angle")
    assert list(layers) == ["layer 1", "layer 2"]
    np.testing.assert_array_equal(layers["layer 2"]["one"], [np.nan, 40])
    np.testing.assert_array_equal(layers["layer 1"]["two"], [1, 4])


USUAL, LEVEL = np.array([7.0, 7.2, 7.1]), np.array([40.0, 44.0, 38.0])


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([7.0, 7.2, 7.1], "works"),
        ([7.5, 7.1, 7.6], "works"),  # above in the mean, not clearly
        ([6.0, 6.2, 6.1], "works"),
        ([7.5, 7.7, 7.6], "costs"),
        ([20.0, 25.0, 22.0], "costs"),
        ([39.0, 30.0, 41.0], "fails"),  # below in the mean, not clearly
        ([88.0, 88.0, 88.0], "fails"),
    ],
)
def test_a_verdict_is_one_of_three_words(errors, expected):
    assert verdict(np.array(errors), USUAL, LEVEL) == expected


def test_each_run_is_judged_beside_the_usual_one(monkeypatch, capsys):
    recorded = {}
    monkeypatch.setattr(variations, "record", recorded.__setitem__)
    panels = {
        "entries": {"DFA": {"normal": list(USUAL)}},
        "rank": {"DFA": {"1": [88.0, 88.0, 88.0], "5": [12.0, 12.2, 12.1]}},
    }
    judge_each(panels, ("entries", "normal"), {"BP": [1.0, 1.0, 1.0], "frozen": list(LEVEL)})
    assert recorded == {
        "stored_verdicts": {"entries": {"normal": "works"}, "rank": {"1": "fails", "5": "costs"}}
    }
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == ["rank", "5", "costs", "+5.00", "±", "0.00", "12.10", "±", "0.10", "%"]


# One narrow layer, and depth.


def end(errors, angles, ranks):
    """Return what three seeds of a run have ended with, each seed a little apart."""
    near = np.array([[-0.1], [0.0], [0.1]])
    return {
        "test_error": np.ravel(errors + near),
        "angle": np.array(angles) + near,
        "rank": np.broadcast_to(ranks, (3, len(ranks))),
        "limit": np.arange(10.0)[::-1] + near,
    }


def waists(cost=5.0, beneath=80.0, own=60.0, free=60.0, rank=1.0):
    """Return the ends of networks in which all claims hold, but for what is changed."""
    wide = end(7.0, [40, 40, 40], [9, 9, 9, 9])
    return {
        "BP": {"1": end(60.0, [0, 0, 0], [1, 1, 8, 8]), "100": wide},
        "FA": {"1": end(60.0, [50, 50, 50], [rank, 1, 8, 8]), "100": wide},
        "DFA": {"1": end(60.0 + cost, [beneath, own, 80], [8, 1, 8, 8]), "100": wide},
        "few learn": {"1": end(7.0, [free, 80, 40], [8, 1, 8, 8]), "100": wide},
    }


CHANGES = [
    ({}, set()),
    ({"rank": 1.2}, {"few_directions"}),
    ({"cost": 0.1}, {"it_costs_DFA_more"}),
    ({"beneath": 45.0}, {"less_alignment_beneath_than_FA"}),
    ({"beneath": 40.0}, {"less_alignment_beneath_than_FA", "no_alignment_beneath"}),
    ({"own": 39.0}, {"no_alignment_in_the_narrow_layer"}),
    ({"free": 40.0}, {"few_learn"}),
]


@pytest.mark.parametrize(("changed", "false"), CHANGES)
def test_each_claim_about_a_narrow_layer_holds_here_and_fails_there(monkeypatch, changed, false):
    recorded = {}
    monkeypatch.setattr(verdicts, "record", recorded.__setitem__)
    monkeypatch.setattr(variations, "interval", lambda change: (change.mean(), 0.2))
    monkeypatch.setattr(variations, "clearly", lambda change: change.mean() > 0.4)
    judge_narrow(waists(**changed), 10)
    assert len(recorded) == 6
    assert {name.removeprefix("holds_") for name, held in recorded.items() if not held} == false


def test_panels_of_layers_profiles_and_limits():
    narrow = waists()
    panels = by_layer(narrow, "angle")
    assert list(panels) == ["layer 1", "layer 2", "layer 3"]
    np.testing.assert_allclose(panels["layer 1"]["DFA"]["1"], [79.9, 80, 80.1])
    profiles = profiles_of({"DFA": {"2": narrow["BP"]["100"], "9": narrow["DFA"]["1"]}}, "rank")
    assert {k: v[0] for k, v in profiles["DFA"].items()} == {"1": 8, "2": 1, "3": 8, "4": 8}
    limits = limits_of(narrow["DFA"])
    np.testing.assert_allclose([limits["1"][1], limits["100"][1]], [9, 0])


def test_a_deep_network_learns_if_every_seed_does(monkeypatch, capsys):
    recorded = {}
    monkeypatch.setattr(variations, "record", recorded.__setitem__)
    rows = {"BP": {"1": [8.0, 9.0, 8.5], "20": [9.0, 88.0, 9.5]}}
    judge_learning({n: {k: {"test_error": e} for k, e in r.items()} for n, r in rows.items()})
    assert recorded == {"stored_learned": {"BP": {"1": True, "20": False}}}
    assert "seeds 9.00, 88.00, 9.50; median 9.50" in capsys.readouterr().out
