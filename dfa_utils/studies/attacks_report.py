"""What attacks have done to networks, in records, tables, panels and verdicts."""

import numpy as np

from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.verdicts import clearly, interval, judge
from dfa_utils.studies.attacks import ATTACKS, WORST
from dfa_utils.studies.family import ALONE, prefix_of

WORDS = {"error": "none"} | ATTACKS | {WORST: "the worst of all"}
#: Of a course over the epochs, the titles of its parts.
COURSES = ("no attack", "the gradient, one step")
#: What is found at the images, in words.
ENDS = {
    "own_angle": "angle of the own way (degrees)",
    "half_angle": "angle of half the way (degrees)",
    "slope": "slope (nats)",
    "zero": "slope zero (% of images)",
    "distance": "distance (epsilon)",
    "rate": "learning rate",
}
ALMOST = 95.0  # percent of the images, in every seed
#: The attacks that are drawn against epsilon.
DRAWN = ("noise", "own", "gradient", WORST)


def record_attacks(name, run, errors, ends, judged):
    """Record what attacks have done to a run's networks, and print a line of it.

    Parameters
    ----------
    name : str
        Of the rule.
    run : Run
        It has measured `dfa_utils.studies.attacks.fooled` as ``"fooled"``.
    errors : dict
        As `dfa_utils.studies.attacks.errors_under_attack` returns it.
    ends : dict
        As `dfa_utils.studies.attacks.at_the_images` returns it.
    judged : int
        The place of the epsilon by which we judge.

    Returns
    -------
    dict
        All of it, and the rate.
    """
    prefix = prefix_of(name)
    record_errors(prefix, "test_error", run.history.last("test_error"))
    record_errors(prefix, "worst_error", errors[WORST][judged])
    for part in ("train_error", "test_error"):
        record(f"{prefix}_{part}_curve", np.round(getattr(run.history, part), 4))
    record(f"{prefix}_fooled_curve", np.round(np.array(run.measured["fooled"], float), 4))
    row = {what: np.round(values, 4) for what, values in errors.items()}
    return row | {what: np.round(values, 5) for what, values in ends.items()}


def errors_at(found, place):
    """Return errors at one epsilon.

    Parameters
    ----------
    found : dict of str to dict
        By rule, as `record_attacks` returns them, or as they were stored.
    place : int
        Of the epsilon.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (seeds,)
        By rule and by attack.
    """
    names = [*ATTACKS, WORST]
    return {
        rule: {name: np.array(row[name], dtype=float)[place] for name in names}
        for rule, row in found.items()
    }


def panels_of(found):
    """Return errors under the attacks of `DRAWN` as the panels of a figure.

    Parameters
    ----------
    found : dict
        As `errors_at` takes it.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (epsilons + 1, seeds)
        By title and by rule, the error without an attack first. Rules without the attack are left
        out.
    """
    panels = {}
    for attack in DRAWN:
        rows = {}
        for rule, row in found.items():
            errors = np.array(row[attack], dtype=float)
            if np.isfinite(errors).all():
                rows[rule] = np.concatenate([np.array(row["error"], dtype=float)[None], errors])
        panels[WORDS[attack]] = rows
    return panels


def courses_of(stored):
    """Return what happened to the networks of a stored run, epoch by epoch.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun

    Returns
    -------
    dict of str to numpy.ndarray (epochs + 1, seeds, 2)
        By rule: the test errors that `COURSES` names, the first not-a-number before training.
    """
    courses = {}
    for rule in stored.records["attacked"]:
        under, plain = (stored.curve(f"{prefix_of(rule)}_{k}") for k in ("fooled", "test_error"))
        plain = np.concatenate([plain[:1] * np.nan, plain])
        courses[rule] = np.stack([plain, under], axis=-1)
    return courses


def attack_rows(found, place):
    """Return the errors at one epsilon as a table.

    Parameters
    ----------
    found, place : object
        As `errors_at` takes them.

    Returns
    -------
    str
        Markdown.
    """
    errors = errors_at(found, place)
    columns = {rule: row | {"error": found[rule]["error"]} for rule, row in errors.items()}
    return _table(columns, WORDS)


def end_rows(found):
    """Return what `dfa_utils.studies.attacks.at_the_images` has found as a table.

    Parameters
    ----------
    found : dict
        As `errors_at` takes it.

    Returns
    -------
    str
        Markdown.
    """
    return _table(found, ENDS)


def transfer_rows(table, found, place):
    """Return what became of images that were passed on as a table.

    It is what `dfa_utils.studies.attacks.transfers` returns, with random signs below.

    Parameters
    ----------
    table : dict of str to dict of str to array_like (seeds,)
    found, place : object
        As `errors_at` takes them.

    Returns
    -------
    str
        Markdown.
    """
    noise = {rule: row["noise"] for rule, row in errors_at(found, place).items()}
    sources = {f"made on {source}": row for source, row in table.items()}
    sources[ATTACKS["noise"]] = noise
    columns = {rule: {words: row[rule] for words, row in sources.items()} for rule in noise}
    return _table(columns, {words: words for words in sources})


def _table(columns, rows):
    """Return means and sample deviations over the seeds in Markdown; a number stands by itself."""
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for what, words in rows.items():
        values = [np.array(column[what], dtype=float) for column in columns.values()]
        largest, cells = np.nanmax(np.hstack(values)), []
        digits = 3 if 0 < largest < 1 else 1
        for row in values:
            if not row.ndim:
                cells.append(f"{row:g}")
                continue
            mean, spread = interval(row)
            text = f"{mean:.{digits}f}\u00a0±\u00a0{spread:.{digits}f}"
            cells.append("-" if np.isnan(mean) else text)
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def judge_attacks(found, place, start=""):
    """Judge who is harder to fool than back-propagation, and where that is only what it looks like.

    Parameters
    ----------
    found : dict
        As `errors_at` takes it.
    place : int
        Of the epsilon by which we judge.
    start : str
        How the names of the verdicts begin.
    """
    errors = errors_at(found, place)
    bp = errors["BP"]
    for rule in (rule for rule in errors if rule != "BP"):
        own, prefix = errors[rule], f"{start}{prefix_of(rule)}"
        if rule != ALONE:
            looks = clearly(bp["own"] - own["own"])
            judge(f"{prefix}_looks", f"{rule}: looks harder to fool than BP, by its own way", looks)
        for word, sign in (("harder", 1), ("easier", -1)):
            claim = f"{rule}: is {word} to fool than BP, by the worst of all attacks"
            judge(f"{prefix}_{word}", claim, clearly(sign * (bp[WORST] - own[WORST])))
        if rule != ALONE:
            hides = clearly(own["gradient"] - own["own"])
            judge(f"{prefix}_hides", f"{rule}: its own way fools less than the gradient", hides)
            more = clearly(own["own"] - own["noise"])
            judge(f"{prefix}_own", f"{rule}: its own way fools more than random signs", more)


def judge_checks(found, place):
    """Judge whether anything hides the gradient itself: nothing should.

    Parameters
    ----------
    found, place : object
        As `judge_attacks` takes them.
    """
    for rule, errors in errors_at(found, place).items():
        several = np.maximum(errors["steps"], errors["margin"])
        last = np.array(found[rule][WORST], dtype=float)[-1]
        for name, claim, held in (
            ("steps", "several steps fool no fewer than one", several >= errors["gradient"]),
            ("signs", "the gradient fools more than noise", errors["gradient"] > errors["noise"]),
            ("zero", "no gradient is zero", np.array(found[rule]["zero"]) == 0),
            ("ends", "the largest epsilon leaves almost nothing right", last > ALMOST),
        ):
            judge(f"{prefix_of(rule)}_check_{name}", f"{rule}: {claim}", np.all(held))


def judge_transfers(tables, found, place):
    """Judge which images that were made on one network fool another one more than random signs.

    Parameters
    ----------
    tables : dict of str to dict of str to dict of str to array_like (seeds,)
        By attack, ``"gradient"`` or ``"own"``, from `dfa_utils.studies.attacks.transfers`.
    found, place : object
        As `judge_attacks` takes them, of the epsilon of the tables.
    """
    noise = {rule: row["noise"] for rule, row in errors_at(found, place).items()}
    for attack, table in tables.items():
        for source, row in table.items():
            for target, errors in row.items():
                if "BP" in (source, target):
                    more = clearly(np.array(errors) - noise[target])
                    name = f"{attack}_{prefix_of(source)}_to_{prefix_of(target)}"
                    judge(name, f"{attack}, {source} to {target}: more than random signs", more)
