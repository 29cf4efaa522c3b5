"""From a sweep of the paper's table to the stored results of the book."""

import json

from conftest import ROOT, book_tool
from small_sweep import fail, finish

from dfa_utils.stored_results import load_published
from dfa_utils.sweep.grid import read_grid_file
from dfa_utils.sweep.plan import make_plan, read_notebook
from dfa_utils.sweep.store import write_plan


def test_finished_cells_of_the_papers_table_are_stored_once_under_their_names(
    tmp_path, monkeypatch
):
    store_table = book_tool("store_table")
    blocks = read_grid_file(ROOT / "sweeps" / "paper_table.yml")
    notebook = read_notebook(ROOT / "notebooks" / "single_run")
    plan = make_plan(notebook, "single_run", blocks)
    names = [store_table.cell_name(point.parameters) for point in plan.points]
    assert len(set(names)) == len(names)
    published = {f"{network.replace(' ', '_')}_{rule}" for network, rule in load_published()}
    assert published < set(names)
    extra = {name for name in names if not name.endswith("_released")} - published
    assert extra == {"100x240_tanh_bp", "100x240_tanh_fa"}

    out, target = tmp_path / "out", tmp_path / "results"
    out.mkdir()
    target.mkdir()
    write_plan(out, plan, notebook)
    finish(out, plan.points[1], test_error=1.0, curve=[1.0, None])
    fail(out, plan.points[2])
    written = store_table.store_table(out, target)
    assert [path.name for path in written] == [f"{names[1]}.json"]
    assert json.loads(written[0].read_text()) == {"test_error": 1.0, "curve": [1.0, None]}
    assert store_table.store_table(out, target) == []

    left = book_tool("missing_cells").missing_cells(target)
    points = make_plan(notebook, "single_run", left).points
    assert points == [point for point in plan.points if point != plan.points[1]]
