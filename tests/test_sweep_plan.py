"""What a sweep is asked for: grids, values, the identity of a point, the code that counts."""

import shlex
import shutil
from pathlib import Path

import jupytext
import pytest
from conftest import ROOT, book_tool
from small_sweep import TRIAL, write_trial

from dfa_utils.sweep.code_digest import SHOWING, code_digest, numerical_rooms
from dfa_utils.sweep.command import main
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.grid import parse_options, read_grid_file
from dfa_utils.sweep.parameters import yaml_float
from dfa_utils.sweep.plan import make_plan, read_notebook

SINGLE_RUN = read_notebook(ROOT / "notebooks" / "single_run")


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
        ({"rate": ["1e-4"]}, r"rate must be float, got '1e-4'.*write 1\.0e-4"),
        ({"seeds": [1]}, r"seeds must be list\[int\], got 1.*seeds=\[1\],\[1\] is two points"),
        ({"seeds": [["a"]]}, r"seeds must be list\[int\]"),
        ({"size": [1.5]}, "size must be int, got 1.5"),
        ({"size": [True]}, "size must be int, got True"),
        ({"task": [3]}, "task must be str, got 3.*write '\"3\"'"),
        ({"sise": [1]}, "has no parameter sise; it has task, rate, size"),
        ({"checkpoint_dir": ["x"]}, "each point gets a folder of its own"),
        ({}, "the grid is empty"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_form_that_works(block, message):
    with pytest.raises(SweepError, match=message):
        plan_of([block])


@pytest.mark.parametrize("text", ["1e-4", "-2E5", "1.e3", "1.5e4", "3e+2"])
def test_the_form_that_is_named_is_one_that_yaml_reads(text):
    assert parse_options([f"rate={yaml_float(text)}"]) == {"rate": [float(text)]}


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
    assert all(p["num_epochs"] == 300 and p["train_samples"] is None for p in points)
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


@pytest.mark.parametrize(
    ("module", "before", "after", "same"),
    [
        ("network", '"""', '"""Well, ', True),
        ("training", "for epoch in", "for  epoch in", True),
        ("dropout", "\n\n\n", "\n\n\n# A word on this.\n", True),
        ("plots", "figsize=(8, 3.6)", "figsize=(9, 3.6)", True),  # it draws
        ("features", "import numpy", "import  numpy", True),
        ("features", "def ", "def another_", True),  # single_run does not use it
        ("optimizers", "0.99", "0.9", False),
        ("fused", "rest * g * g", "rest * g", False),  # imported by another room
        ("records", "ddof=1", "ddof=0", False),
    ],
)
def test_the_code_that_counts_is_that_of_the_rooms_in_use(tmp_path, module, before, after, same):
    package = tmp_path / "dfa_utils"
    shutil.copytree(ROOT / "dfa_utils", package, ignore=shutil.ignore_patterns("__pycache__"))
    path = package / f"{module}.py"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert (code_digest(SINGLE_RUN, package) == code_digest(SINGLE_RUN)) is same


def test_numerical_rooms_are_found_through_one_another():
    cells = ["%matplotlib inline\nfrom dfa_utils import plots, optimizers, sweep\n!ls"]
    rooms = set(numerical_rooms(cells, ROOT / "dfa_utils"))
    assert {"optimizers", "fused", "products", "learning_rules"} <= rooms
    assert not {"plots", "sweep", "training"} & rooms
    cells = ["import dfa_utils.training as t"]
    assert "training" in numerical_rooms(cells, ROOT / "dfa_utils")


def test_what_only_shows_is_there_and_the_page_names_it():
    page = (ROOT / "book" / "sweeps.md").read_text(encoding="utf-8")
    for name in SHOWING:
        assert (ROOT / "dfa_utils" / f"{name}.py").is_file() and f"`{name}`" in page


def test_the_commands_in_the_text_can_be_planned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    texts = [
        (ROOT / "book" / name).read_text(encoding="utf-8") for name in ("sweeps.md", "running.md")
    ]
    lines = "\n".join(texts).replace("\\\n", "").splitlines()
    commands = [shlex.split(line) for line in lines if "bin/dfa-sweep notebooks/" in line]
    assert len(commands) == 8
    book_tool("missing_cells").main()
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
    assert len({code_digest(notebook) for notebook in read}) == 1
    with pytest.raises(SweepError, match=r"there is no notebook .*none\.py or .*none\.ipynb"):
        read_notebook(Path(tmp_path / "none"))
