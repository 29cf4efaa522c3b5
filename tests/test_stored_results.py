"""Stored runs and published numbers, as package data."""

import json
import shutil

import numpy as np
import pytest

from dfa_utils.chapter import stored
from dfa_utils.chapter.stored import (
    join_seeds,
    list_results,
    load_history,
    load_published,
    load_results,
    stored_cells,
)
from dfa_utils.history import QUANTITIES, History


@pytest.mark.parametrize("name", list_results("paper_table"))
def test_every_stored_run_is_whole(name):
    records = load_results(name)
    parameters = records["provenance"]["parameters"]
    assert parameters["train_samples"] is None and parameters["dataset"] == "mnist"
    assert {"commit", "numpy", "python", "array library"} <= set(records["provenance"])
    assert parameters.get("checkpoint_dir") is None
    history = load_history(name)
    own = [history.seeds.index(seed) for seed in parameters["seeds"]]
    assert history.epochs_run[own].tolist() == records["epochs_run_per_seed"]
    errors = history.last("test_error")[own]
    np.testing.assert_allclose(errors, records["test_error_per_seed"], atol=1e-6)
    assert np.mean(records["test_error_per_seed"]) == pytest.approx(records["test_error"])
    stopped = history.last("train_error") <= parameters["stop_train_error"]
    assert (stopped | (history.epochs_run == parameters["num_epochs"]))[own].all()


def run_of(seeds, epochs):
    """Return a run whose values tell the seed and the epoch."""
    values = np.arange(1, epochs + 1)[:, np.newaxis] + 100.0 * np.array(seeds)
    return History(tuple(seeds), np.arange(1, epochs + 1), *[values] * len(QUANTITIES))


def test_runs_of_other_seeds_are_joined_in_the_order_of_the_seeds():
    joined = join_seeds([run_of([0, 4], 2), run_of([3], 3), run_of([1], 1)])
    assert joined.seeds == (0, 1, 3, 4) and joined.epochs.tolist() == [1, 2, 3]
    assert joined.epochs_run.tolist() == [2, 1, 3, 2]
    np.testing.assert_array_equal(joined.last("test_error"), [2, 101, 303, 402])
    nan = np.nan
    rows = [[1, 101, 301, 401], [2, nan, 302, 402], [nan, nan, 303, nan]]
    np.testing.assert_array_equal(joined.train_loss, rows)


def test_runs_that_share_a_seed_are_not_joined():
    with pytest.raises(ValueError, match=r"seeds must be distinct .*, got \[0, 1, 1\]"):
        join_seeds([run_of([0, 1], 2), run_of([1], 2)])


def test_the_name_of_a_cell_stands_for_all_its_seeds(tmp_path, monkeypatch):
    folder = tmp_path / "paper_table"
    folder.mkdir()
    shutil.copy(stored.FOLDER / "nokland2016_table1.csv", tmp_path)
    monkeypatch.setattr(stored, "FOLDER", tmp_path)

    def store(name, *seeds, epochs=2):
        history = run_of(seeds, epochs)
        records = {f"{q}_curve": getattr(history, q).tolist() for q in QUANTITIES}
        records["provenance"] = {"parameters": {"seeds": list(seeds)}}
        (folder / f"{name}.json").write_text(json.dumps(records))

    store("2x800_tanh_fa", 0, 1, 2)
    store("2x800_tanh_fa_seeds_3_4", 3, 4, epochs=3)
    store("2x800_tanh_fa_released_seeds_0", 0)
    store("2x800_tanh_dropout_dfa_seeds_1", 1)
    store("100x240_tanh_bp_seeds_0", 0)
    assert load_history("paper_table/2x800_tanh_fa").seeds == (0, 1, 2, 3, 4)
    assert load_history("paper_table/2x800_tanh_fa_seeds_3_4").seeds == (3, 4)
    assert load_history("paper_table/2x800_tanh_fa_released").seeds == (0,)
    assert {key: history.seeds for key, history in stored_cells().items()} == {
        ("2x800 tanh", "fa"): (0, 1, 2, 3, 4),
        ("2x800 tanh dropout", "dfa"): (1,),
        ("100x240 tanh", "bp"): (0,),
        ("2x800 tanh", "fa_released"): (0,),
    }
    assert list(stored_cells())[:2] == [("2x800 tanh", "fa"), ("2x800 tanh dropout", "dfa")]


def test_an_unknown_name_is_refused():
    for load in (load_results, load_history):
        with pytest.raises(ValueError, match=r"name must be one of .*, got 'paper_table/nothing'"):
            load("paper_table/nothing")
    with pytest.raises(ValueError, match="name must be that of a run with curves"):
        load_history("scale_and_rate")


def test_published_numbers_say_how_they_are_known():
    published = load_published()
    assert published["2x800 tanh", "dfa"]["test_error"] == 1.74
    assert published["2x800 tanh", "dfa"]["train_error"] is None
    sources = {(row["known"], row["source"]) for row in published.values()}
    assert sources == {("paper", "arXiv 1609.01596v5, Table 1")}
    assert len(published) == 28
