"""From sweeps to the stored results of the book, and back."""

import copy
import json

import jupytext
import numpy as np
import pytest
from conftest import ROOT, book_tool
from small_sweep import begin, fail, finish

from dfa_utils.chapter import stored, verdicts
from dfa_utils.chapter.selection import select
from dfa_utils.chapter.stored import load_published, load_results, load_sweep
from dfa_utils.sweep.folder import write_plan
from dfa_utils.sweep.grid import read_grid_file
from dfa_utils.sweep.notebook import read_notebook, read_parameters
from dfa_utils.sweep.points import make_plan

SINGLE_RUN = read_notebook(ROOT / "notebooks" / "single_run.py")
TABLE = read_grid_file(ROOT / "sweeps" / "paper_table.yml")
CURVES = {
    f"{q}_{what}_curve": [[3, 4], [1, 2]] for q in ("train", "test") for what in ("error", "loss")
}


@pytest.fixture
def tool():
    """The module `book/tools/store.py`."""
    return book_tool("store")


def begin_run(out, blocks):
    """Make the folder of a sweep over single_run; return its plan."""
    plan = make_plan(SINGLE_RUN, "single_run", blocks)
    out.mkdir()
    write_plan(out, plan, SINGLE_RUN)
    return plan


def finish_run(out, point, **records):
    """Leave what a worker leaves of a finished point of single_run."""
    parameters = point.parameters | {"checkpoint_dir": "/somewhere/checkpoints"}
    finish(out, point, **records, provenance={"numpy": "2", "parameters": parameters})


def test_every_cell_has_a_name_of_its_own_and_the_published_ones_are_there(tool):
    names = [name for _, name in tool.table_cells()]
    assert len(set(names)) == len(names)
    published = {f"{network.replace(' ', '_')}_{rule}" for network, rule in load_published()}
    assert published < set(names)
    extra = {name for name in names if not name.endswith("_released")} - published
    assert extra == {"100x240_tanh_bp", "100x240_tanh_fa"}
    # The deep ones come last.
    layers = [int(name.split("x")[0]) for name in names]
    assert layers.index(7) < layers.index(3) < layers.index(4) < layers.index(100)


def test_finished_cells_are_stored_once_under_their_names(tool, tmp_path):
    out, target = tmp_path / "out", tmp_path / "results"
    plan = begin_run(out, TABLE)
    finish_run(out, plan.points[1], test_error=1.0, curve=[1.0, None])
    fail(out, plan.points[2])
    (path,) = tool.store_table(out, target)
    assert path.name == f"{tool.table_cells()[1][1]}.json"
    records = json.loads(path.read_text())
    assert records["test_error"] == 1.0 and records["curve"] == [1.0, None]
    # The path of the machine that ran it is left out.
    assert records["provenance"]["parameters"]["checkpoint_dir"] is None
    assert tool.store_table(out, target) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_epochs": [1], "train_samples": [500]}, '"num_epochs": 1, "train_samples": 500'),
        ({"num_epochs": [299]}, '"num_epochs": 299'),
        ({"learning_rate": [0.001]}, '"learning_rate": 0.001'),
        ({"stop_train_error": [None]}, '"stop_train_error": null'),
        ({"dataset": ["fashion_mnist"]}, '"dataset": "fashion_mnist"'),
        ({"optimizer": ["sgd"]}, '"optimizer": "sgd"'),
        ({"dropout_hidden": [0.5]}, '"dropout_hidden": 0.5'),
        ({"rule": ["ifa"]}, '"rule": "ifa"'),
    ],
)
def test_a_point_that_is_no_cell_is_refused_and_nothing_is_stored(tool, tmp_path, change, words):
    out, target = tmp_path / "out", tmp_path / "results"
    cell = {"num_epochs": [300], "train_samples": [None], "seeds": [[0, 1, 2]]}
    plan = begin_run(out, [cell, cell | change])
    for point in plan.points:
        finish_run(out, point, test_error=1.0)
    with pytest.raises(ValueError, match="is no cell of the paper's table") as caught:
        tool.store_table(out, target)
    assert words in str(caught.value) and not target.exists()


def test_a_parameter_that_there_was_not_yet_had_its_default(tool):
    cell, name = tool.table_cells()[3]
    older = {key: value for key, value in cell.items() if key != "bias_initialiser"}
    assert tool.cell_name(older | {"seeds": [7], "backend": "numpy"}, tool.table_cells()) == name
    with pytest.raises(ValueError, match=r'it has \{"another": 1\}'):
        tool.cell_name(cell | {"another": 1}, tool.table_cells())


def test_seeds_are_part_of_the_name_and_what_is_missing_is_known_by_them(tool, tmp_path):
    target = tmp_path / "results"
    first = {"num_epochs": [300], "train_samples": [None], "rule": ["dfa"]}
    for number, seeds in enumerate([[[0, 1, 2]], [[3, 4]], [[7], [1, 2]]]):
        out = tmp_path / str(number)
        for point in begin_run(out, [first | {"seeds": seeds}]).points:
            finish_run(out, point, test_error=1.0)
        tool.store_table(out, target)
    stored_files = sorted(path.name for path in target.iterdir())
    assert stored_files == [
        f"2x800_tanh_dfa{seeds}.json" for seeds in ("", "_seeds_3_4", "_seeds_7")
    ]
    out = tmp_path / "overlap"
    finish_run(out, begin_run(out, [first | {"seeds": [[4, 5]]}]).points[0], test_error=1.0)
    with pytest.raises(ValueError, match=r"2x800_tanh_dfa has seeds \[4\] already"):
        tool.store_table(out, target)

    left = tool.missing_cells(target, [0, 4, 5])
    points = make_plan(SINGLE_RUN, "single_run", left).points
    cells = len(tool.table_cells())
    # One seed a point, and a seed of all cells before the next seed of any.
    assert [point.parameters["seeds"] for point in points] == [
        *[[0]] * (cells - 1),
        *[[4]] * (cells - 1),
        *[[5]] * cells,
    ]
    assert all(tool.cell_name(p.parameters, tool.table_cells()) for p in points)


def test_points_come_back_with_all_their_parameters_and_curves(tool, tmp_path, monkeypatch):
    out = tmp_path / "out"
    plan = begin(out, [{"rate": [0.5, 2.0], "task": ["add"]}])
    for place, point in enumerate(plan.points):
        provenance = {"numpy": f"2.{place}", "parameters": point.parameters}
        finish(out, point, **CURVES, provenance=provenance)
    text = tool.store_sweep(out, tmp_path / "small.json").read_text()
    assert len(text.splitlines()) == 2 + 2 + len(plan.points) + 2
    assert json.loads(text)["provenance"] == [{"numpy": "2.0"}, {"numpy": "2.1"}]
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    points = load_sweep("small")
    assert [parameters for parameters, _ in points] == [point.parameters for point in plan.points]
    for _, history in points:
        assert history.seeds == (0, 1)
        np.testing.assert_array_equal(history.test_error, [[3, 4], [1, 2]])


def test_a_sweep_with_holes_is_not_stored(tool, tmp_path):
    plan = begin(tmp_path / "out", [{"rate": [0.5, 2.0]}])
    finish(tmp_path / "out", plan.points[0], provenance={})
    fail(tmp_path / "out", plan.points[1])
    with pytest.raises(ValueError, match=r"not all is done: .*rate=2\.0"):
        tool.store_sweep(tmp_path / "out", tmp_path / "small.json")
    assert not (tmp_path / "small.json").exists()


@pytest.mark.parametrize("name", ["scale_and_rate", "dropout_schedule"])
def test_a_stored_sweep_is_that_of_its_grid(name):
    plan = make_plan(SINGLE_RUN, "single_run", read_grid_file(ROOT / "sweeps" / f"{name}.yml"))
    points = load_sweep(name)
    # Parameters that the notebook got since then had what is now their default.
    asked = [point.parameters for point in plan.points]
    assert [plan.defaults | parameters for parameters, _ in points] == asked
    records = [point["records"] for point in load_results(name)["points"]]
    for (parameters, history), record in zip(points, records, strict=True):
        assert history.test_error.shape == (parameters["num_epochs"], len(parameters["seeds"]))
        np.testing.assert_allclose(history.last("test_error"), record["test_error_per_seed"])


def test_the_row_with_dropout_is_trained_as_the_validation_images_chose():
    tried = {choice["rate_schedule"]: history for choice, history in load_sweep("dropout_schedule")}
    schedule = select(tried)
    epochs = len(tried[schedule].epochs)
    rows = [block for block in TABLE if "dropout_hidden" in block]
    chosen = [(block["rate_schedule"], block["num_epochs"]) for block in rows]
    assert chosen == [([schedule], [epochs])] * 2


def test_the_maps_are_those_of_the_first_chapters_network():
    points = load_sweep("scale_and_rate")
    first = read_notebook(ROOT / "notebooks" / "bp_vs_dfa.py")
    defaults = {name: found.default for name, found in read_parameters(first).items()}
    shared = ["dataset", "hidden_sizes", "activation", "loss", "batch_size", "input_range"]
    for name in [*shared, "train_samples", "seeds"]:
        assert points[0][0][name] == defaults[name], name


def test_the_records_of_a_notebook_are_stored_one_a_line(tool, tmp_path):
    records = {"b": [1.5, None], "a": {"seeds": [0, 1]}}
    text = tool.one_record_a_line(records)
    assert json.loads(text) == records
    assert text.splitlines() == ["{", '"a": {"seeds": [0, 1]},', '"b": [1.5, null]', "}"]
    jupytext.write(SINGLE_RUN, tmp_path / "run.ipynb")
    target = tmp_path / "deeper" / "run.json"
    assert tool.store_notebook(tmp_path / "run.ipynb", target) == target
    assert json.loads(target.read_text()) == {}


def test_a_stored_run_can_say_how_it_was_run(tool, tmp_path, monkeypatch, capsys):
    """Where its last cell does not say it all; the chapter that shows the run prints it."""
    records = {"provenance": {"commit": "abc", "parameters": {"seeds": [0]}}, "error": 1.5}
    monkeypatch.setattr(tool, "read_records", lambda notebook: copy.deepcopy(records))
    target = tmp_path / "run.json"
    note = "half of it on another machine, " * 4 + "which was faster"
    tool.store_notebook(tmp_path / "run.ipynb", target, note)
    stored = json.loads(target.read_text())
    assert stored == records | {"provenance": records["provenance"] | {"note": note}}
    monkeypatch.setattr(verdicts, "load_results", lambda name: stored)
    verdicts.StoredRun("run").show_parameters({"seeds": [0]})
    printed = capsys.readouterr().out
    assert " ".join(printed.split()) == f"note: {note}"
    assert max(map(len, printed.splitlines())) <= verdicts.NOTE_WIDTH


def test_the_commands_print_what_they_wrote_or_why_not(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tool, "RESULTS", tmp_path)
    out = tmp_path / "out"
    plan = begin(out, [{"rate": [0.5]}])
    monkeypatch.setattr("sys.argv", ["store.py", "sweep", str(out), "small"])
    with pytest.raises(SystemExit, match=r"store.py: not all is done"):
        tool.main()
    finish(out, plan.points[0], **CURVES, provenance={})
    tool.main()
    assert capsys.readouterr().out == f"{tmp_path / 'small.json'}\n"
    monkeypatch.setattr("sys.argv", ["store.py", "table", str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit, match="is not the folder of a sweep"):
        tool.main()
