"""Broad garbage at every public function; `make soak` throws much more."""

import ast
import importlib
import inspect

import pytest
from conftest import ROOT
from garbage import CALLS, GARBAGE, attempt, is_slow, names_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BY_FUNCTION = pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
# What takes a run or arrays of one, a figure, nothing, what is stored in the package, or what the
# author of an exercise has written.
HANDED_ON = {"error_angles", "sent_errors", "theorem_criteria", "mean_angle", "totals"}
HANDED_ON |= {"plain_rmsprop", "mark_epoch", "load_published", "stored_cells"} | {
    "check_exercise",
    "compare_means",
    "judge_order",
    # Those of single chapters, which hand on their own runs.
    "Learned",
    "distance",
    "error_on",
    "judge_claims",
    "judge_tasks",
    "left_at",
    "record_comparisons",
    "record_tasks",
    "show",
    "record_probes",
    "paper_rows",
    "print_orders",
    "plot_intervals",
}
HANDED_ON |= {"step_on", "gradient_angles", "network_angles", "training_errors", "record_run"}
HANDED_ON |= {"plot_layers", "plot_turn"}
HANDED_ON |= {"bias_and_variance", "linear_cka", "relative_seconds", "weight_angles"}
# What takes modules of PyTorch, and names that the figures have checked.
HANDED_ON |= {"Mirrored", "dfa_angles", "dfa_backward", "history_of", "looks_of"}


def test_every_function_that_a_notebook_imports_is_tried():
    imported = {
        (node.module, alias.name)
        for source in (ROOT / "notebooks").glob("*.py")
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("dfa_utils")
        for alias in node.names
    }
    found = [getattr(importlib.import_module(module), name, None) for module, name in imported]
    functions = [f for f in found if inspect.isroutine(f) or inspect.isclass(f)]
    functions = [f for f in functions if not f.__module__.startswith("dfa_utils.rules")]
    assert {f.__name__ for f in functions} - HANDED_ON <= {f.__name__ for f in CALLS}


@BY_FUNCTION
def test_every_argument_is_tried(function):
    assert set(CALLS[function]) <= set(inspect.signature(function).parameters)
    assert attempt(function, {}) is (function.__name__ in ("read_records", "read_checkpoint"))


@pytest.mark.filterwarnings("ignore")
@BY_FUNCTION
def test_garbage_is_refused_in_one_line_or_used_correctly(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = names_of(function)

    @settings(
        max_examples=10 if is_slow(function) else 60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(st.sampled_from(names), GARBAGE, min_size=1, max_size=2))
    def throw(replaced):
        attempt(function, replaced)

    throw()
