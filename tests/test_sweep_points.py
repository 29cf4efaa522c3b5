"""What a sweep is asked for: notebooks, grids, values, the identity of a point."""

import json
import shlex

import jupytext
import numpy as np
import pytest
from conftest import ROOT, book_tool
from small_sweep import TRIAL, write_trial

from dfa_utils.chapter.code import digest_of_notebook
from dfa_utils.sweep.command import main
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.grid import parse_options, read_grid_file
from dfa_utils.sweep.notebook import find_notebook, read_notebook
from dfa_utils.sweep.points import make_plan

SINGLE_RUN = read_notebook(ROOT / "notebooks" / "single_run.py")


def plan_of(blocks, text=TRIAL):
    """Return the plan of a grid over the trial notebook."""
    return make_plan(jupytext.reads(text, "py:percent"), "trial", blocks)


def names(*arguments):
    """Return the names of the points of a plan."""
    return [point.name for point in plan_of(*arguments).points]


def test_options_are_lists_of_yaml_values():
    options = ["rate=0.01,1.0e-4", "seeds=[1],[2, 3]", "task=add,wait", "limit=null"]
    assert parse_options(options) == {
        "rate": [0.01, 0.0001],
        "seeds": [[1], [2, 3]],
        "task": ["add", "wait"],
        "limit": [None],
    }


@pytest.mark.parametrize("option", ["rate", "rate=", "rate=[1", "=1", "a b=1"])
def test_an_option_of_another_form_is_refused(option):
    with pytest.raises(SweepError, match="write NAME=VALUE,VALUE"):
        parse_options([option])


def test_a_parameter_is_named_once():
    with pytest.raises(SweepError, match="--grid rate is there twice"):
        parse_options(["rate=1", "rate=2"])


def test_a_grid_is_the_product_of_its_lists_in_their_order():
    plan = plan_of([{"task": ["add", "wait"], "size": [2, 1]}])
    choices = [(point.choice["task"], point.choice["size"]) for point in plan.points]
    assert choices == [("add", 2), ("add", 1), ("wait", 2), ("wait", 1)]
    assert plan.varied == ["task", "size"]


def test_blocks_follow_one_another_and_equal_points_are_there_once():
    plan = plan_of([{"size": [3, 1]}, {"rate": [0.5, 0.25]}])
    # The second block's first point and the first block's second have all parameters in common.
    chosen = [(point.parameters["size"], point.parameters["rate"]) for point in plan.points]
    assert chosen == [(3, 0.5), (1, 0.5), (1, 0.25)]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"rate": ["1e-4"]}, r"rate must be a number .*write 1\.0e-4\), got '1e-4'"),
        ({"seeds": [1]}, r"seeds must be a list, got 1: .*seeds=\[1\],\[1\] is two points"),
        ({"seeds": [["a"]]}, r"seeds\[0\] must be an integer, got 'a'"),
        ({"seeds": [[1, 1]]}, r"seeds must be distinct, got \[1, 1\]"),
        ({"size": [1.5]}, "size must be an integer, got 1.5"),
        ({"size": [True]}, "size must be an integer, got True"),
        ({"task": [3]}, "task must be text, got 3: write '\"3\"'"),
        ({"sise": [1]}, "has no parameter sise; it has task, rate, size"),
        ({"rate": 0.5}, "rate must be a list of values, got 0.5"),
        ({"task": "add"}, "task must be a list of values, got 'add'"),
        ({"checkpoint_dir": ["x"]}, "each point gets a folder of its own"),
        ({}, "the grid is empty"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_form_that_works(block, message):
    with pytest.raises(SweepError, match=message):
        plan_of([block])


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"rule": ["DFA"]}, "rule must be one of 'bp', 'fa', 'dfa', .*, got 'DFA'"),
        ({"dataset": ["minst"]}, "dataset must be one of 'mnist', .*, got 'minst'"),
        ({"batch_size": [64, 0]}, "batch_size must be >= 1, got 0"),
        ({"learning_rate": [-1]}, "learning_rate must be > 0, got -1"),
        ({"seeds": [[1, 1]]}, r"seeds must be distinct, got \[1, 1\]"),
        ({"num_epochs": [0]}, "num_epochs must be >= 1, got 0"),
        (
            {"feedback_initialiser": ["weights"], "rule": ["fa", "dfa"]},
            "rule must be 'fa' where feedback_initialiser is 'weights', got 'dfa', in the point",
        ),
    ],
)
def test_what_the_notebook_would_refuse_is_refused_before_any_work(block, message):
    with pytest.raises(SweepError, match=message):
        make_plan(SINGLE_RUN, "single_run", [block])


def test_a_name_that_means_something_else_in_a_notebook_is_known_by_its_annotation():
    text = TRIAL.replace('task: str = "add"', 'rule: str = "a rule of my own"')
    assert len(names([{"rule": ["a rule of my own", "dfa", "another"]}], text)) == 3
    with pytest.raises(SweepError, match="rule must be text, got 1"):
        names([{"rule": [1]}], text)


def test_numpys_arrays_and_ranges_are_lists_of_plain_values():
    block = {
        "rate": np.logspace(-2, 0, 3),
        "size": range(1, 3),
        "seeds": np.arange(4).reshape(2, 2),
    }
    plain = {"rate": [0.01, 0.1, 1.0], "size": [1, 2], "seeds": [[0, 1], [2, 3]]}
    assert names([block]) == names([plain])
    json.dumps([point.choice for point in plan_of([block]).points])
    assert len(names([{"rate": [np.float32(0.5), np.int64(2)]}])) == 2


def test_a_grid_that_is_no_list_of_blocks_is_refused():
    for blocks in ({"size": [1]}, [["size"]], "size"):
        with pytest.raises(SweepError, match="a grid must be a list of blocks"):
            plan_of(blocks)


def test_integers_are_floats_where_a_float_is_wanted():
    assert names([{"rate": [1]}]) == names([{"rate": [1.0]}])


def test_a_default_that_is_given_makes_no_other_point():
    assert names([{"size": [2]}]) == names([{"size": [2], "rate": [0.5], "seeds": [[0, 1]]}])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "must have the keys grids"),
        ("grid: []", "must have the keys grids"),
        ("grids: []", "a list of blocks"),
        ("grids: [{size: 1}]", r"size must be a list of values, got 1"),
        ("grids: [{size: []}]", "size must be a list of values"),
        ("grids: [{}]", "a block must map names"),
        ("fixed: {size: 1}\ngrids: [{size: [2]}]", "size is fixed and in a block"),
        ("grids: [", "cannot be read"),
    ],
)
def test_a_grid_file_of_another_form_is_refused(tmp_path, text, message):
    path = tmp_path / "grid.yml"
    path.write_text(text)
    with pytest.raises(SweepError, match=message):
        read_grid_file(path)


def test_the_papers_table_is_a_grid_over_single_run():
    blocks = read_grid_file(ROOT / "sweeps" / "paper_table.yml")
    points = [point.parameters for point in make_plan(SINGLE_RUN, "single_run", blocks).points]
    epochs = {(p["dropout_hidden"], p["num_epochs"]) for p in points}
    assert epochs == {(0.0, 300), (0.5, 200)}
    assert all(p["train_samples"] is None for p in points)
    assert {tuple(p["seeds"]) for p in points} == {(0, 1, 2)}
    as_published = [p for p in points if p["first_layer_initialiser"] == "same"]
    as_published = [p for p in as_published if p["feedback_initialiser"] != "weights"]
    networks = {(str(p["hidden_sizes"]), p["activation"], p["dropout_input"]) for p in points}
    assert len(as_published) == 30 and len(networks) == 9
    assert [len(p["hidden_sizes"]) for p in points].count(100) == 3
    assert len(points) - len(as_published) == 9 and all(
        p["rule"] == "fa" for p in points if p not in as_published
    )


CHANGES = [
    ("# # A trial", "# # Another title", True),
    ("import time\n", "import time  # a comment\n", True),
    ("time.sleep(0.05)", "time.sleep( 0.05 )", True),
    ("# of nothing", "# of something", True),
    ("rate * size + seed for", "rate * size - seed for", False),
    ("rate: float = 0.5", "rate: float = 0.25", False),
    ("size: int = 1", "size: int = 7", True),  # the grid gives it
]


@pytest.mark.parametrize(("before", "after", "same"), CHANGES)
def test_a_point_is_known_by_its_parameters_and_its_code_alone(before, after, same):
    assert before in TRIAL
    blocks = [{"size": [2, 3]}]
    assert (names(blocks) == names(blocks, TRIAL.replace(before, after))) is same


def test_the_commands_in_the_text_can_be_planned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    texts = [
        (ROOT / "book" / name).read_text(encoding="utf-8") for name in ("sweeps.md", "running.md")
    ]
    lines = "\n".join(texts).replace("\\\n", "").splitlines()
    commands = [shlex.split(line) for line in lines if "bin/dfa-sweep notebooks/" in line]
    assert len(commands) == 8
    monkeypatch.setattr("sys.argv", ["store.py", "missing"])
    book_tool("store").main()
    left = tmp_path / "left.yml"
    left.write_text(capsys.readouterr().out, encoding="utf-8")
    for _, *arguments in commands:
        arguments = [str(left) if word == left.name else word for word in arguments]
        arguments[arguments.index("--out") + 1] = str(tmp_path / "out")
        with pytest.raises(SystemExit) as end:
            main([*arguments, "--dry-run"])
        assert end.value.code == 0, capsys.readouterr().err


def test_a_notebook_is_read_from_either_form(tmp_path):
    path = write_trial(tmp_path)
    jupytext.write(jupytext.read(path), tmp_path / "pair.ipynb")
    read = [read_notebook(p) for p in (path, tmp_path / "trial", tmp_path / "pair")]
    assert len({digest_of_notebook(notebook) for notebook in read}) == 1
    with pytest.raises(SweepError, match=r"there is no notebook .*none\.py or .*none\.ipynb"):
        read_notebook(tmp_path / "none")
    with pytest.raises(SweepError, match=r"there is no notebook .*none\.py$"):
        read_notebook(tmp_path / "none.py")


def test_a_name_may_have_a_point_in_it(tmp_path):
    path = write_trial(tmp_path).rename(tmp_path / "run_v1.2.py")
    assert find_notebook(tmp_path / "run_v1.2") == path


def test_a_path_may_begin_at_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_trial(tmp_path)
    assert find_notebook("~/trial") == path
    (tmp_path / "grid.yml").write_text("grids: [{size: [1]}]")
    assert read_grid_file("~/grid.yml") == [{"size": [1]}]
    with pytest.raises(SweepError, match="no home folder is known"):
        read_grid_file("~nobody-of-this-name/grid.yml")


def test_forms_that_differ_are_refused_unless_one_is_named(tmp_path):
    path, other = write_trial(tmp_path), tmp_path / "trial.ipynb"
    notebook = jupytext.read(path)
    notebook.cells[0].source += " With another word."  # prose may differ
    jupytext.write(notebook, other)
    assert find_notebook(tmp_path / "trial") == path
    cell = next(cell for cell in notebook.cells if "rate: float" in cell.source)
    cell.source = cell.source.replace("rate: float = 0.5", "rate: float = 0.25")
    jupytext.write(notebook, other)
    with pytest.raises(SweepError, match=r"trial\.py and .*trial\.ipynb differ: name the one"):
        find_notebook(tmp_path / "trial")
    assert [find_notebook(p) for p in (path, other)] == [path, other]


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', "[]"])
def test_what_is_no_notebook_is_refused(tmp_path, content):
    (tmp_path / "trial.ipynb").write_text(content)
    with pytest.raises(SweepError, match=r"trial\.ipynb cannot be read as a notebook: "):
        read_notebook(tmp_path / "trial")
