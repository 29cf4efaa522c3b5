"""Stored runs and published numbers, as package data."""

import json

import numpy as np
import pytest
from conftest import book_tool

from dfa_utils.stored_results import (
    list_results,
    load_history,
    load_published,
    load_results,
)


@pytest.mark.parametrize("name", list_results("paper_table"))
def test_every_stored_run_is_whole(name):
    records, history = load_results(name), load_history(name)
    parameters = records["provenance"]["parameters"]
    assert parameters["train_samples"] is None and parameters["dataset"] == "mnist"
    assert {"commit", "numpy", "python", "array library"} <= set(records["provenance"])
    assert len(history.seeds) >= 3
    assert history.epochs_run.tolist() == records["epochs_run_per_seed"]
    np.testing.assert_allclose(
        history.last("test_error"), records["test_error_per_seed"], atol=1e-6
    )
    assert np.mean(records["test_error_per_seed"]) == pytest.approx(records["test_error"])
    stopped = history.last("train_error") <= parameters["stop_train_error"]
    assert (stopped | (history.epochs_run == parameters["num_epochs"])).all()


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of .*, got 'paper_table/nothing'"):
        load_results("paper_table/nothing")


def test_published_numbers_say_how_they_are_known():
    published = load_published()
    assert published["2x800 tanh", "dfa"]["test_error"] == 1.74
    assert published["2x800 tanh", "dfa"]["train_error"] is None
    confirmed = {key for key, row in published.items() if row["known"] != "recalled"}
    assert confirmed == {("2x800 tanh dropout", "dfa")}
    assert len(published) == 28


def test_stored_text_has_one_record_a_line():
    records = {"b": [1.5, None], "a": {"seeds": [0, 1]}}
    text = book_tool("store").one_record_a_line(records)
    assert json.loads(text) == records
    assert text.splitlines() == ["{", '"a": {"seeds": [0, 1]},', '"b": [1.5, null]', "}"]
