"""Table 1 of Nøkland (2016) beside this project's stored runs, as far as they go."""

from dfa_utils.chapter.stored import load_published, stored_cells
from dfa_utils.chapter.tables import RULES, measured_words, published_words


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
        theirs = published_words(paper) if paper else "–"
        # The paper lets the rate decay here; the validation images of sweeps/dropout_schedule.yml
        # chose a rate that stays.
        network += " (constant rate)" if "dropout" in network else ""
        ours, count = measured_words(history), len(history.seeds)
        lines.append(f"| {network} | {RULES[rule]} | {count} | {ours} | {theirs} |")
    markdown = "\n".join(lines).replace("\u00a0", "&nbsp;")
    stored = len(set(cells) & set(published))
    return {"cells": stored, "published": len(published), "markdown": markdown}
