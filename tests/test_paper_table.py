"""The paper's table beside the stored runs."""

import numpy as np
import pytest

from dfa_utils import paper_table
from dfa_utils.history import History
from dfa_utils.stored_results import load_published, load_results

PUBLISHED = {
    ("deep", "dfa"): {"test_error": 3.92, "spread": 0.09, "train_error": 0.12},
    ("wide", "bp"): {"test_error": 1.6, "spread": 0.06, "train_error": None},
    ("wide", "dfa"): {"test_error": 1.74, "spread": 0.08, "train_error": None},
}


def stopped(train_error, *test_errors):
    """Return a run of one epoch."""
    seeds = tuple(range(len(test_errors)))
    train = np.full((1, len(seeds)), train_error)
    return History(seeds, np.array([1]), train, train, train, np.array([test_errors]))


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        (
            {("wide", "bp"): stopped(0.008, 1.0, 3.0)},
            "| wide | BP | 2.00&nbsp;±&nbsp;1.41 | 1.60&nbsp;±&nbsp;0.06 |",
        ),
        (
            {("deep", "dfa"): stopped(0.5, 4.0)},
            "| deep | DFA | 4.00 (0.50) | 3.92&nbsp;±&nbsp;0.09 (0.12) |",
        ),
    ],
)
def test_a_row_says_what_was_measured_and_what_was_published(monkeypatch, cells, row):
    monkeypatch.setattr(paper_table, "load_published", lambda: PUBLISHED)
    monkeypatch.setattr(paper_table, "stored_cells", lambda: cells)
    numbers = paper_table.table_numbers()
    assert (numbers["cells"], numbers["published"]) == (1, 3)
    assert numbers["markdown"].splitlines()[2:] == [row]


def test_the_stored_cells_are_those_of_the_table():
    cells, markdown = paper_table.stored_cells(), paper_table.table_numbers()["markdown"]
    assert (
        {("2x800 tanh", rule) for rule in ("bp", "fa", "dfa")}
        <= set(cells)
        <= set(load_published())
    )
    for (network, rule), history in cells.items():
        records = load_results(f"paper_table/{network.replace(' ', '_')}_{rule}")
        assert records["provenance"]["parameters"]["rule"] == rule
        shown = f"| {network} | {rule.upper()} | {history.last('test_error').mean():.2f}"
        assert shown in markdown
