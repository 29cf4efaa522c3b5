"""Parameters: one table for all notebooks, checked before any work, refused in one line."""

import ast
import re
import subprocess
import sys
from dataclasses import dataclass

import jupytext
import numpy as np
import papermill
import pytest
import yaml
from conftest import ROOT

import dfa_utils.data  # noqa: F401  (registers what can be chosen, as dfa_utils itself does)
from dfa_utils import RULES
from dfa_utils.validation import (
    PARAMETERS,
    Checked,
    check,
    check_parameters,
    check_path,
    check_type,
    choose,
    register,
)
from dfa_utils.validation.limits import REGISTRIES, choice

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
    first = ast.parse(cells[number + 1].source).body
    statements = [s for s in first if not isinstance(s, ast.Import | ast.ImportFrom)]
    assert ast.unparse(statements[0]) == "chapter = Chapter(globals())"


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
    ("name", "kind", "further"),
    [
        ("dataset", "dataset", []),
        ("activation", "activation", []),
        ("loss", "loss", []),
        ("rule", "rule", []),
        ("optimizer", "optimizer", []),
        ("error_reduction", "error_reduction", []),
        ("weight_initialiser", "initialiser", ["auto"]),
        ("first_layer_initialiser", "initialiser", ["same"]),
        ("bias_initialiser", "initialiser", ["same"]),
        ("feedback_initialiser", "initialiser", ["weights"]),
    ],
)
def test_what_is_registered_can_be_chosen(monkeypatch, name, kind, further):
    monkeypatch.setitem(REGISTRIES, kind, dict(REGISTRIES[kind]))
    for word in [*further, *REGISTRIES[kind]]:
        assert check(name, word) == word
    for stranger in ("a_new_one", 3, None, ["bp"]):
        with pytest.raises(ValueError, match=f"^{name} must be one of '.*', got "):
            check(name, stranger)
    REGISTRIES[kind]["a_new_one"] = object()
    assert check(name, "a_new_one") == "a_new_one"


def test_a_kind_that_nobody_has_registered_is_no_fault_of_the_value(monkeypatch):
    monkeypatch.setattr("dfa_utils.validation.limits.REGISTRIES", {})
    with pytest.raises(LookupError, match="no room that is loaded has registered a scale"):
        check_type("scale", "large", choice("scale"))
    register("scale", {"large": 3})
    assert check_type("scale", "large", choice("scale")) == "large"
    assert choose("scale", "large", {"large": 3}) == 3
    with pytest.raises(ValueError, match="scale must be one of 'large', got 'small'"):
        choose("scale", "small", {"large": 3})


REFUSED = [
    ("learning_rate", -0.1, "learning_rate must be > 0, got -0.1"),
    ("learning_rate", float("inf"), "learning_rate must be finite, got inf"),
    ("learning_rate", True, "learning_rate must be a number, got True"),
    (
        "learning_rate",
        "1e-4",
        "learning_rate must be a number (YAML takes 1e-4 for text: write 1.0e-4), got '1e-4'",
    ),
    # Text that YAML would have read as it should be is text for another reason.
    ("learning_rate", "0.1", "learning_rate must be a number, got '0.1'"),
    ("learning_rate", "true", "learning_rate must be a number, got 'true'"),
    ("learning_rate", "1.0e-4", "learning_rate must be a number, got '1.0e-4'"),
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
    ("rule", "DFA", f"rule must be one of {', '.join(map(repr, RULES))}, got 'DFA'"),
    ("rule", None, f"rule must be one of {', '.join(map(repr, RULES))}, got None"),
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


def test_only_one_optimizer_decays_weights():
    values = {"optimizer": "sgd", "weight_decay": 0.1}
    assert check_parameters(values) == values
    with pytest.raises(ValueError, match="weight_decay must be 0 where the optimizer is not 'sgd'"):
        check_parameters(values | {"optimizer": "rmsprop"})


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


@pytest.mark.parametrize("text", ["1e-4", "-2E5", "1.e3", "1.5e4", "3e+2", "1e5"])
def test_the_form_that_is_named_is_one_that_yaml_reads(text):
    with pytest.raises(ValueError, match=r"YAML takes .* for text: write") as caught:
        check("learning_rate", text)
    form = str(caught.value).split("write ")[1].split(")")[0]
    assert yaml.safe_load(text) == text and yaml.safe_load(form) == float(text)


def test_fields_are_checked_by_the_table_or_by_their_class():
    @dataclass(frozen=True)
    class Schedule(Checked):
        decay: float = 0.0

    @dataclass(frozen=True)
    class Optimizer(Checked):
        rate: float
        schedule: Schedule = Schedule()
        share: float = 0.0

        MEANINGS = {"share": "momentum"}  # noqa: RUF012  (as in the package, without ClassVar)

    assert type(Optimizer(np.float32(1)).rate) is float
    for fields, words in (
        ((-1,), "rate must be > 0, got -1"),
        ((1, []), "schedule must be a Schedule, got []"),
        ((1, Schedule(), 1), "share must be < 1, got 1"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            Optimizer(*fields)


def test_a_path_may_begin_at_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_path("checkpoint_dir", "~/kept") == tmp_path / "kept"
    for value in (3, "a\0b", "\ud800", "~nobody-of-this-name/kept"):
        with pytest.raises(ValueError, match=r"checkpoint_dir must be a path.*, got "):
            check_path("checkpoint_dir", value)


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
