"""From the folder of a sweep to one file of the book, and back to curves."""

import json

import numpy as np
import pytest
from conftest import ROOT, book_tool
from small_sweep import begin, fail, finish

from dfa_utils import stored_results
from dfa_utils.stored_results import load_results, load_sweep
from dfa_utils.sweep.grid import read_grid_file
from dfa_utils.sweep.parameters import read_parameters
from dfa_utils.sweep.plan import make_plan, read_notebook

CURVES = {
    f"{q}_{what}_curve": [[3, 4], [1, 2]] for q in ("train", "test") for what in ("error", "loss")
}


@pytest.fixture
def tool():
    """The module `book/tools/store_sweep.py`."""
    return book_tool("store_sweep")


def test_points_come_back_with_all_their_parameters_and_curves(tool, tmp_path, monkeypatch):
    out = tmp_path / "out"
    plan = begin(out, [{"rate": [0.5, 2.0], "task": ["add"]}])
    for place, point in enumerate(plan.points):
        provenance = {"numpy": f"2.{place}", "parameters": point.parameters}
        finish(out, point, **CURVES, provenance=provenance)
    text = tool.one_point_a_line(tool.read_sweep(out))
    assert len(text.splitlines()) == 2 + 2 + len(plan.points) + 2
    assert json.loads(text)["provenance"] == [{"numpy": "2.0"}, {"numpy": "2.1"}]
    (tmp_path / "small.json").write_text(text)
    monkeypatch.setattr(stored_results, "FOLDER", tmp_path)
    points = load_sweep("small")
    assert [parameters for parameters, _ in points] == [point.parameters for point in plan.points]
    for _, history in points:
        assert history.seeds == (0, 1)
        np.testing.assert_array_equal(history.test_error, [[3, 4], [1, 2]])


def test_a_sweep_with_holes_is_not_stored(tool, tmp_path):
    plan = begin(tmp_path / "out", [{"rate": [0.5, 2.0]}])
    finish(tmp_path / "out", plan.points[0], provenance={})
    fail(tmp_path / "out", plan.points[1])
    with pytest.raises(SystemExit, match=r"not all is done: .*rate=2\.0"):
        tool.read_sweep(tmp_path / "out")


def test_the_stored_sweep_is_the_grid_over_the_first_chapters_network():
    blocks = read_grid_file(ROOT / "sweeps" / "scale_and_rate.yml")
    plan = make_plan(read_notebook(ROOT / "notebooks" / "single_run"), "single_run", blocks)
    points = load_sweep("scale_and_rate")
    assert [parameters for parameters, _ in points] == [point.parameters for point in plan.points]
    records = [point["records"] for point in load_results("scale_and_rate")["points"]]
    for (parameters, history), record in zip(points, records, strict=True):
        assert history.test_error.shape == (parameters["num_epochs"], len(parameters["seeds"]))
        np.testing.assert_allclose(history.last("test_error"), record["test_error_per_seed"])

    first = read_notebook(ROOT / "notebooks" / "01_bp_vs_dfa")
    defaults = {name: found.default for name, found in read_parameters(first).items()}
    shared = ["dataset", "hidden_sizes", "activation", "loss", "batch_size", "input_range"]
    for name in [*shared, "train_samples", "seeds"]:
        assert points[0][0][name] == defaults[name], name
