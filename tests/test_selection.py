"""The choice among runs looks at validation errors alone, in the package and in the notebooks."""

import ast

import jupytext
import numpy as np
import pytest
from conftest import ROOT

from dfa_utils.chapter.selection import select
from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.history import History

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
LEAST = {"min", "argmin", "nanmin", "nanargmin", "amin", "idxmin", "nsmallest", "argsort"}


def history(test, validation=None):
    """Return a history of two epochs whose last errors of two seeds are given."""
    curve = np.array([[90.0, 90.0], test])
    other = None if validation is None else np.array([[90.0, 90.0], validation])
    return History((0, 1), np.array([1, 2]), *[curve] * 4, other, other)


def test_the_lowest_mean_validation_error_is_chosen_whatever_the_test_errors_are():
    runs = {(0.1, 1.0): history([1, 1], [5, 3]), (1.0, 0.1): history([9, 9], [2, 4])}
    assert select(runs) == (1.0, 0.1)
    runs["equal"] = history([0, 0], [3, 3])
    assert select(runs) == (1.0, 0.1)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({"a": history([1, 2], [1, 2]), "b": history([1, 2])}, "measured on validation images"),
        ({"a": history([1, 2])}, "measured on validation images"),
        ({}, "at least one"),
        ({"a": [1.0, 2.0]}, "a History"),
        (history([1, 2], [1, 2]), "a dict"),
    ],
)
def test_without_validation_errors_nothing_is_chosen(given, allowed):
    with pytest.raises(ValueError, match=f"^histories must be {allowed}.*, got"):
        select(given)


# The notebooks: nothing that test errors have reached is put into a minimum.


def counts(node):
    """Tell whether code asks only how many there are: ``len(x)`` or ``map(len, x)``."""
    if not isinstance(node, ast.Call):
        return False
    named = [node.func, *node.args[:1]] if ast.unparse(node.func) == "map" else [node.func]
    return ast.unparse(named[-1]) == "len"


def mentions(node, tainted):
    """Tell whether code mentions test errors, or a name that holds them."""
    if counts(node):
        return False
    if isinstance(node, ast.Constant) and node.value == "test_error":
        return True
    if isinstance(node, ast.Attribute) and node.attr == "test_error":
        return True
    if isinstance(node, ast.Name) and node.id in tainted:
        return True
    return any(mentions(part, tainted) for part in ast.iter_child_nodes(node))


def names_in(target):
    """Return the names that an assignment changes, also those of which it changes a part."""
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}


def holders_of_test_errors(tree):
    """Return the names that hold test errors, however many assignments away."""
    tainted, size = set(), -1
    while len(tainted) > size:
        size = len(tainted)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
                if node.value is not None and mentions(node.value, tainted):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for target in targets:
                        base = target
                        while isinstance(base, ast.Subscript | ast.Attribute):
                            base = base.value
                        tainted |= names_in(base)
            elif isinstance(node, ast.For | ast.comprehension):
                if mentions(node.iter, tainted):
                    tainted |= names_in(node.target)
            elif isinstance(node, ast.FunctionDef) and mentions(node, tainted):
                tainted.add(node.name)
    return tainted


def least_test_errors(code):
    """Return the calls that look for the least of test errors, list of str."""
    tree = ast.parse(code)
    tainted, found = holders_of_test_errors(tree), []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        by_key = called in ("sorted", "sort") and any(k.arg == "key" for k in node.keywords)
        if (called in LEAST or by_key) and mentions(node, tainted):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_notebook_looks_for_the_least_test_error(source):
    cells = (cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code")
    assert least_test_errors("\n".join(cells)) == []


@pytest.mark.parametrize(
    "code",
    [
        "min(runs, key=lambda p: runs[p].history.last('test_error').mean())",
        "e = {}\nfor p in ps:\n    e[p] = run(p).last('test_error')\nbest = min(e, key=e.get)",
        "a = h.test_error\nb = np.mean(a, axis=1)\nc = b[3:]\nc.argmin()",
        "epochs = run.history.test_error.min(axis=0)",
        "def f(p):\n    return p.test_error[-1]\nsorted(ps, key=f)[0]",
        "np.nanmin([h.last('test_error') for h in hs])",
    ],
)
def test_a_choice_by_test_errors_is_noticed(code):
    assert least_test_errors(code)


@pytest.mark.parametrize(
    "code",
    [
        "best = select(runs)\nrecord_errors('best', 'test_error', runs[best].last('test_error'))",
        "h.last('test_error').max(axis=0)",
        "min(e, key=lambda p: e[p].last('validation_error').mean())",
        "a = h.test_error\nsorted(places)",
        "a = h.last('test_error')\nn = min(map(len, [a, a]))\nmin(len(a), 3)",
    ],
)
def test_what_does_not_choose_by_test_errors_is_not(code):
    assert not least_test_errors(code)


# The spread: where a mean and a deviation are not enough.


@pytest.mark.parametrize(
    ("mean", "deviation", "wide"),
    [(3.0, 1.0, False), (3.0, 1.01, True), (-3.0, 1.01, True), (0.0, 0.0, False), (3, None, False)],
)
def test_a_spread_is_wide_above_a_third_of_the_mean(mean, deviation, wide):
    assert is_wide(mean, deviation) is wide


def test_the_seeds_of_a_wide_spread_are_named_with_their_median():
    assert each_seed([3.9, 15.3, 3.7]) == "seeds 3.90, 15.30, 3.70; median 3.90"
    assert each_seed([1, 2], "%.0f") == "seeds 1, 2; median 2"
