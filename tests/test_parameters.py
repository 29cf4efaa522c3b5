"""Parameters: one table for all notebooks, checked before any work, refused in one line."""

import ast
import subprocess
import sys
from typing import get_args

import jupytext
import numpy as np
import papermill
import pytest
import yaml
from conftest import ROOT

from dfa_utils.activations import ACTIVATIONS
from dfa_utils.checks import check, check_parameters
from dfa_utils.datasets import DATASETS, DTYPES
from dfa_utils.initialisers import INITIALISERS
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.losses import LOSSES, REDUCTIONS
from dfa_utils.optimizers import OPTIMIZERS
from dfa_utils.parameters import ARGUMENTS, PARAMETERS

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
PROFILES = sorted((ROOT / "book" / "profiles").glob("*.yml"))


def defaults(source):
    """Return the parameters of a notebook as they stand in it."""
    known = papermill.inspect_notebook(jupytext.read(source))
    return {name: ast.literal_eval(entry["default"]) for name, entry in known.items()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_checks_its_parameters_before_any_work(source):
    cells = [cell for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    (number,) = (n for n, c in enumerate(cells) if "parameters" in c.metadata.get("tags", ()))
    statements = [s for s in ast.parse(cells[number + 1].source).body if not is_import(s)]
    assert ast.unparse(statements[0]).startswith("parameters = {name: globals()[name] for name")
    assert ast.unparse(statements[1]) == "check_parameters(parameters)"


def is_import(statement):
    return isinstance(statement, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_default_and_every_profile_is_allowed(source):
    given = defaults(source)
    assert check_parameters(given) == given
    for profile in PROFILES:
        values = yaml.safe_load(profile.read_text("utf-8")).get(source.stem) or {}
        assert check_parameters(given | values) == given | values


def test_the_table_has_no_parameter_that_no_notebook_has():
    assert set().union(*map(defaults, SOURCES)) == set(PARAMETERS)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("dataset", DATASETS),
        ("activation", ACTIVATIONS),
        ("loss", LOSSES),
        ("rule", LEARNING_RULES),
        ("optimizer", OPTIMIZERS),
        ("error_reduction", REDUCTIONS),
        ("weight_initialiser", ["auto", *INITIALISERS]),
        ("first_layer_initialiser", ["same", *INITIALISERS]),
        ("bias_initialiser", ["same", *INITIALISERS]),
        ("feedback_initialiser", ["weights", *INITIALISERS]),
        ("dtype", DTYPES),
    ],
)
def test_the_table_names_what_can_be_chosen(name, choices):
    assert set(get_args(ARGUMENTS[name])) == set(choices)


REFUSED = [
    ("learning_rate", -0.1, "learning_rate must be > 0, got -0.1"),
    ("learning_rate", float("inf"), "learning_rate must be finite, got inf"),
    ("learning_rate", True, "learning_rate must be a number, got True"),
    (
        "learning_rate",
        "1e-4",
        "learning_rate must be a number (YAML takes 1e-4 for text: write 1.0e-4), got '1e-4'",
    ),
    (
        "seeds",
        "[4, 5]",
        "seeds must be a list (papermill takes a list by -y or -f, not by -p), got '[4, 5]'",
    ),
    ("seeds", [1, 1], "seeds must be distinct, got [1, 1]"),
    ("seeds", [], "seeds must be at least 1 long, got []"),
    ("seeds", [0, -1], "seeds[1] must be >= 0, got -1"),
    ("seeds", [0, 0.5], "seeds[1] must be an integer, got 0.5"),
    ("hidden_sizes", [], "hidden_sizes must be at least 1 long, got []"),
    ("hidden_sizes", [5, 0], "hidden_sizes[1] must be >= 1, got 0"),
    ("hidden_sizes", [10**9], "hidden_sizes[0] must be <= 100000, got 1000000000"),
    ("hidden_sizes", 400, "hidden_sizes must be a list, got 400"),
    ("batch_size", 0, "batch_size must be >= 1, got 0"),
    ("batch_size", 64.0, "batch_size must be an integer, got 64.0"),
    ("num_epochs", 0, "num_epochs must be >= 1, got 0"),
    ("train_samples", 0, "train_samples must be >= 1, or None, got 0"),
    ("stop_train_error", -1, "stop_train_error must be >= 0, or None, got -1"),
    ("dropout_hidden", 1.0, "dropout_hidden must be < 1, got 1.0"),
    ("rule", "DFA", "rule must be one of 'bp', 'fa', 'dfa', 'ifa', got 'DFA'"),
    ("rule", None, "rule must be one of 'bp', 'fa', 'dfa', 'ifa', got None"),
    (
        "input_range",
        [1, -1],
        "input_range must be two finite numbers, the lower one first, such as [-1, 1], got [1, -1]",
    ),
    ("checkpoint_dir", "", "checkpoint_dir must be at least 1 long, or None, got ''"),
    ("backend", "jax", "backend must be one of 'auto', 'numpy', 'cupy', 'torch', got 'jax'"),
]


@pytest.mark.parametrize(("name", "value", "text"), REFUSED)
def test_what_is_not_allowed_is_refused_in_one_line(name, value, text):
    with pytest.raises(ValueError) as caught:
        check_parameters({name: value})
    assert str(caught.value) == text


def test_feedback_from_the_weights_belongs_to_one_rule():
    values = {"feedback_initialiser": "weights", "rule": "fa"}
    assert check_parameters(values) == values
    with pytest.raises(ValueError, match="rule must be 'fa' where feedback_initialiser is 'weigh"):
        check_parameters(values | {"rule": "dfa"})


def test_a_name_that_is_in_no_notebook_is_refused():
    with pytest.raises(ValueError, match=r"parameters must be of dataset, .*, got 'learning_rat'"):
        check_parameters({"learning_rat": 0.1})


@pytest.mark.parametrize(
    ("name", "given", "plain"),
    [
        ("learning_rate", 1, 1.0),
        ("learning_rate", np.float32(0.5), 0.5),
        ("batch_size", np.int64(3), 3),
        ("seeds", range(3), [0, 1, 2]),
        ("seeds", np.arange(2), [0, 1]),
        ("input_range", (0, 1), [0.0, 1.0]),
        ("train_samples", None, None),
    ],
)
def test_numbers_of_other_kinds_become_pythons_own(name, given, plain):
    checked = check(name, given)
    assert checked == plain and type(checked) is type(plain)


class Rude:
    """Its representation fails."""

    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize("value", [Rude(), 10**5000, np.zeros((50, 50)), "x\n" * 500], ids=type)
def test_any_value_fits_in_the_line(value):
    with pytest.raises(ValueError, match=r"^activation must be one of .*, got .{1,110}$"):
        check("activation", value)


def test_a_notebook_stops_at_once_with_the_line(tmp_path):
    (tmp_path / "profile.yml").write_text("single_run: {dataset: digits, learning_rate: -0.1}")
    target = tmp_path / "out.ipynb"
    command = [sys.executable, "book/tools/execute.py", "notebooks/single_run.py", target]
    command += ["--profile", tmp_path / "profile.yml", "--cell-timeout", "60"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert "ValueError: learning_rate must be > 0, got -0.1" in done.stderr
    assert not target.exists()
