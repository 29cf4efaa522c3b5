"""Runs that differ in one thing: trained once each, measured, and judged by a rule."""

import numpy as np
import pytest
from small_data import bits, small_run

from dfa_utils import Checkpoint, error_angles
from dfa_utils.chapter import variations
from dfa_utils.chapter.variations import errors_of, judge_each, layers_of, train_each, verdict


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
    assert lines[2] == ["rank", "5", "costs", "12.10", "±", "0.10", "%", "+5.00", "±", "0.00"]
