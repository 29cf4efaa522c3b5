"""Table 1 of Nøkland (2016) beside this project's stored runs, as far as they go."""

import numpy as np

from dfa_utils.stored_results import list_results, load_history, load_published

FOLDER = "paper_table"
RULES = ("bp", "fa", "dfa")
FITTED = 0.01  # percent: a train error up to this is not shown, in the paper neither


def stored_cells():
    """Return the stored runs of published cells.

    Returns
    -------
    dict of (str, str) to History
        By network and learning rule, such as ``("2x800 tanh", "dfa")``.
    """
    stored = set(list_results(FOLDER))
    return {
        (network, rule): load_history(name)
        for network, rule in load_published()
        if (name := f"{FOLDER}/{network.replace(' ', '_')}_{rule}") in stored
    }


def table_numbers():
    """Return what a page shows of the table.

    Returns
    -------
    dict
        ``cells`` and ``published``, how many cells are stored and how many the paper has, and
        ``markdown``, the rows of which at least one cell is stored. A cell holds the test error
        at the epoch in which each seed stopped, percent, mean and sample standard deviation over
        the seeds, the train error in brackets where it is above 0.01, and the published values.
    """
    cells, published = stored_cells(), load_published()
    lines = ["| network | BP | FA | DFA |", "| --- | --- | --- | --- |"]
    for network in dict.fromkeys(network for network, _ in published):
        if any((network, rule) in cells for rule in RULES):
            row = (_words(cells.get((network, r)), published.get((network, r))) for r in RULES)
            lines.append(f"| {network} | {' | '.join(row)} |")
    return {"cells": len(cells), "published": len(published), "markdown": "\n".join(lines)}


def _words(history, paper):
    """Return the words of a cell."""
    ours = "not yet run"
    if history is not None:
        test, train = history.last("test_error"), history.last("train_error").mean()
        spread = np.std(test, ddof=1) if len(test) > 1 else None
        ours = f"**{_with_spread(test.mean(), spread)}**{_bracket(train)}"
    if paper is None:
        return ours
    theirs = _with_spread(paper["test_error"], paper["spread"])
    return f"{ours}<br>paper {theirs}{_bracket(paper['train_error'])}"


def _with_spread(mean, spread):
    """Return a mean with its spread, if there is one."""
    return f"{mean:.2f}" + ("" if spread is None else f"&nbsp;±&nbsp;{spread:.2f}")


def _bracket(train_error):
    """Return the train error in brackets where the training images were not all learned."""
    return f" ({train_error:.2f})" if train_error is not None and train_error > FITTED else ""
