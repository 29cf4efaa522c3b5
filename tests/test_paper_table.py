"""The paper's table beside the stored runs."""

import numpy as np
import pytest
from conftest import book_tool

from dfa_utils.chapter.stored import load_published, stored_cells
from dfa_utils.chapter.tables import print_orders
from dfa_utils.history import History

PUBLISHED = {
    ("deep", "dfa"): {"test_error": 3.92, "spread": 0.09, "train_error": 0.12},
    ("wide", "bp"): {"test_error": 1.6, "spread": 0.06, "train_error": None},
    ("wide dropout", "dfa"): {"test_error": 1.74, "spread": 0.08, "train_error": None},
}


def stopped(train_error, *test_errors):
    """Return a run of one epoch."""
    seeds = tuple(range(len(test_errors)))
    train = np.full((1, len(seeds)), train_error)
    return History(seeds, np.array([1]), train, train, train, np.array([test_errors]))


@pytest.mark.parametrize(
    ("cells", "count", "row"),
    [
        (
            {("wide", "bp"): stopped(0.008, 1.0, 3.0)},
            1,
            "| wide | BP | 2 | 2.00&nbsp;±&nbsp;1.41 (seeds 1.00, 3.00; median 2.00) "
            "| 1.60&nbsp;±&nbsp;0.06 |",
        ),
        (
            {("deep", "dfa"): stopped(0.5, 4.0)},
            1,
            "| deep | DFA | 1 | 4.00 (0.50) | 3.92&nbsp;±&nbsp;0.09 (0.12) |",
        ),
        (
            {("wide", "fa_released"): stopped(0.0, 4.0)},
            0,
            "| wide | FA, released code | 1 | 4.00 | – |",
        ),
        (
            {("wide dropout", "dfa"): stopped(0.0, 4.0)},
            1,
            "| wide dropout (constant rate) | DFA | 1 | 4.00 | 1.74&nbsp;±&nbsp;0.08 |",
        ),
    ],
)
def test_a_row_says_what_was_measured_and_what_was_published(monkeypatch, cells, count, row):
    tool = book_tool("paper_table")
    monkeypatch.setattr(tool, "load_published", lambda: PUBLISHED)
    monkeypatch.setattr(tool, "stored_cells", lambda: cells)
    numbers = tool.table_numbers()
    assert (numbers["cells"], numbers["published"]) == (count, 3)
    assert numbers["markdown"].splitlines()[2:] == [row]


def test_the_stored_cells_are_those_of_the_table():
    cells, markdown = stored_cells(), book_tool("paper_table").table_numbers()["markdown"]
    assert {("2x800 tanh", rule) for rule in ("bp", "fa", "dfa")} <= set(cells)
    unpublished = {"100x240 tanh"}  # under BP and FA: there the paper has an empty cell
    assert {network for network, _ in cells} <= {n for n, _ in load_published()} | unpublished
    assert len(markdown.splitlines()) == 2 + len(cells)
    for (network, _), history in cells.items():
        assert f"| {network}" in markdown
        assert f"{history.last('test_error').mean():.2f}" in markdown


def test_the_order_of_the_rules_is_that_of_their_means(capsys):
    """Cells with too few seeds are left out, and those without a partner."""
    rows = {("wide", rule): {"test_error": error} for rule, error in (("bp", 1.6), ("dfa", 1.74))}
    rows |= {("wide", "fa"): {"test_error": 1.5}, ("narrow", "dfa"): {"test_error": 3.9}}
    measured = {("wide", "bp"): np.array([1.0, 2.0, 3.0]), ("wide", "fa"): np.array([1.0, 2.0])}
    measured |= {("wide", "dfa"): np.array([2.0, 3.0, 4.0]), ("narrow", "dfa"): np.ones(3)}
    print_orders(rows, measured, 3)
    # By hand: t = 1 / sqrt(2 / 3) with 4 degrees of freedom.
    line = "wide   DFA - BP +1.00 points (paper +0.14)   p = 0.2879\n"
    assert capsys.readouterr().out == line
    print_orders(rows, measured, 1)
    assert capsys.readouterr().out.splitlines()[0].startswith("wide   FA  - BP -0.50")
