"""Table 1 of Nøkland (2016) beside this project's stored runs, as far as they go."""

import numpy as np

from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.chapter.stored import load_published, stored_cells

FITTED = 0.01  # percent: a train error up to this is not shown, in the paper neither
RULES = {"bp": "BP", "fa": "FA", "dfa": "DFA", "fa_released": "FA, released code"}


def table_numbers():
    """Return what a page shows of the table.

    Returns
    -------
    dict
        ``cells`` and ``published``, how many published cells are stored and how many the paper
        has, and ``markdown``, a table with a row for each stored cell: the number of seeds, the
        test error at the epoch in which each seed stopped, percent, mean and sample standard
        deviation over the seeds, the train error in brackets where it is above 0.01, and the
        published values, where there are any.
    """
    cells, published = stored_cells(), load_published()
    lines = [
        "| network | rule | seeds | this project | paper |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for (network, rule), history in cells.items():
        paper = published.get((network, rule))
        theirs = "–"
        if paper:
            theirs = _in_words(paper["test_error"], paper["spread"], paper["train_error"])
        # The paper lets the rate decay here, in a way that it does not tell.
        network += " (constant rate)" if "dropout" in network else ""
        ours, count = _measured(history), len(history.seeds)
        lines.append(f"| {network} | {RULES[rule]} | {count} | {ours} | {theirs} |")
    stored = len(set(cells) & set(published))
    return {"cells": stored, "published": len(published), "markdown": "\n".join(lines)}


def _measured(history):
    """Return the words for a stored run."""
    test, train = history.last("test_error"), history.last("train_error")
    spread = np.std(test, ddof=1) if len(test) > 1 else None
    text = _in_words(test.mean(), spread, train.mean())
    return f"{text} ({each_seed(test)})" if is_wide(test.mean(), spread) else text


def _in_words(mean, spread, train_error):
    """Return a test error with its spread, and the train error if not all images were learned."""
    text = f"{mean:.2f}"
    if spread is not None:
        text += f"&nbsp;±&nbsp;{spread:.2f}"
    if train_error is not None and train_error > FITTED:
        text += f" ({train_error:.2f})"
    return text
