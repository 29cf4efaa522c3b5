"""Tables of published and measured errors, as Markdown."""

import numpy as np

from dfa_utils.chapter.spread import each_seed, is_wide

RULES = {"bp": "BP", "fa": "FA", "dfa": "DFA", "fa_released": "FA, released code"}


def paper_rows(published, cells=None, judge=None, fitted=0.01, digits=2):
    """Return a table with a row for each published cell, and for each measured one beyond them.

    Parameters
    ----------
    published : dict of (str, str) to dict
        From `dfa_utils.chapter.stored.load_published`.
    cells : dict of (str, str) to History, optional
        What was measured; without it, only what was published is shown.
    judge : callable, optional
        ``judge(published cell, test errors of the seeds)`` returns the words of a verdict.
    fitted : float
        Train errors up to this, percent, are not shown.
    digits : int
        Behind the point.

    Returns
    -------
    str
        Markdown. A cell that is not measured says so.
    """
    if cells is None:
        lines = ["| network | rule | paper |", "| --- | --- | ---: |"]
        lines += [
            f"| {network} | {RULES[rule]} | {published_words(paper, fitted, digits)} |"
            for (network, rule), paper in published.items()
        ]
        return "\n".join(lines)
    lines = [
        "| network | rule | paper | here | seeds | verdict |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for network, rule in dict.fromkeys([*published, *cells]):
        paper, history = published.get((network, rule)), cells.get((network, rule))
        verdict = ""
        if history is None:
            verdict = "not run yet"
        elif paper and judge:
            verdict = judge(paper, history.last("test_error"))
        ours, seeds = (
            (measured_words(history, fitted, digits), len(history.seeds)) if history else ("", "")
        )
        theirs = published_words(paper, fitted, digits) if paper else ""
        name = f"{network} | {RULES[rule]}"
        lines.append(f"| {name} | {theirs} | {ours} | {seeds} | {verdict} |")
    return "\n".join(lines)


def published_words(paper, fitted=0.01, digits=2):
    """Return the words for a published cell."""
    return _in_words(paper["test_error"], paper["spread"], paper["train_error"], fitted, digits)


def measured_words(history, fitted=0.01, digits=2):
    """Return the words for a stored run."""
    test, train = history.last("test_error"), history.last("train_error")
    spread = np.std(test, ddof=1) if len(test) > 1 else None
    text = _in_words(test.mean(), spread, train.mean(), fitted, digits)
    return f"{text} ({each_seed(test)})" if is_wide(test.mean(), spread) else text


def _in_words(mean, spread, train_error, fitted, digits):
    """Return a test error with its spread, and the train error if not all images were learned."""
    text = f"{mean:.{digits}f}"
    if spread is not None:
        text += f"\u00a0±\u00a0{spread:.{digits}f}"  # never broken across two lines
    if train_error is not None and train_error > fitted:
        text += f" ({train_error:.{digits}f})"
    return text


def print_orders(published, measured, least):
    """Print how far the means of FA and of DFA lie above BP's, here and in the paper.

    Beside it stands Welch's test of our seeds: the probability of a difference as large, either
    way, if the means were equal. What stands behind the paper's spread is not known.

    Parameters
    ----------
    published : dict of (str, str) to dict
        By network and rule, as `dfa_utils.chapter.stored.load_published` returns it.
    measured : dict of (str, str) to numpy.ndarray (seeds,)
        Test errors, percent, of the cells that have been run.
    least : int
        A pair of cells needs so many seeds in each, and never less than two.
    """
    from scipy.stats import ttest_ind

    networks = dict.fromkeys(network for network, _ in published)
    width = max(map(len, networks), default=0)
    for network in networks:
        for rule in ("fa", "dfa"):
            ours = [measured.get((network, name), ()) for name in (rule, "bp")]
            if min(map(len, ours)) < max(2, least):
                continue
            paper = [published[network, name]["test_error"] for name in (rule, "bp")]
            points = f"{ours[0].mean() - ours[1].mean():+.2f}"
            p = ttest_ind(*ours, equal_var=False).pvalue
            words = f"{points} points (paper {paper[0] - paper[1]:+.2f})"
            print(f"{network:{width}} {rule.upper():3} - BP {words}   p = {p:.4f}")
