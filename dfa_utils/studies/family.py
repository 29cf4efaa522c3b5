"""What the chapter on the family of rules compares, and how it judges and shows it."""

import numpy as np

from dfa_utils import rules, rules_family
from dfa_utils.alignment import bias_and_variance
from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.chapter.verdicts import clearly, interval, judge
from dfa_utils.initialisers import UniformFanIn
from dfa_utils.validation import check_instance

#: The baseline: only the output layer learns.
ALONE = "last layer"
#: By rule, what a hidden layer is told.
TOLD = {"BP": "all weights above", "KP": "both ends of a connection", "WM": "noise through weights"}
TOLD |= dict.fromkeys(("SS", "SS fixed", "SS anew"), "the signs of the weights")
TOLD |= {"FA": "the error", "DFA": "the error", "shared": "the error"}
TOLD |= {"DKP": "both ends of a connection", "sDFA": "the signs of the error"}
TOLD |= {
    "DRTP": "the target",
    "IFA": "the error, sent forward",
    "NP": "one number",
    ALONE: "nothing",
}
#: Where all rules start, those too that could start from zero.
START = {"weights": UniformFanIn(), "biases": UniformFanIn()}
#: Of rules that draw random numbers at each step: how often a mini-batch is looked at.
DRAWS = {"NP": 20, "SS anew": 20}
CLOSE, NEAR = 0.02, 0.1  # to a cosine of one: the mean, and each seed, of an unbiased rule


def everyone():
    """Return all rules of the family, dict of str to Rule, in the order of `TOLD`.

    Under the name of the baseline stands back-propagation: what makes it one are frozen layers.
    """
    every = {kind.name: kind() for kind in rules.RULES.values()} | {ALONE: rules.BP()}
    for magnitudes in ("fixed", "anew"):
        every[f"SS {magnitudes}"] = rules_family.SignSymmetry(magnitudes=magnitudes)
    return {name: every[name] for name in TOLD}


def prefix_of(name):
    """Return what the records of a rule begin with, str."""
    return name.replace(" ", "_").lower()


#: What the records of the rules begin with that are drawn epoch by epoch, by name.
DRAWN = {name: prefix_of(name) for name in ("BP", "SS", "FA", "DFA", "DRTP", ALONE)}


def errors_of(stored):
    """Return the test errors of a stored run of the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun

    Returns
    -------
    dict of str to numpy.ndarray (seeds,)
        By rule, percent.
    """
    return arrays_of(stored.records["family_per_seed"], "test_error")


def judge_run(name, run):
    """Record the curves of a run, and return what the table needs of it.

    Parameters
    ----------
    name : str
    run : Run
        That has measured ``angle``, the `dfa_utils.alignment.error_angles`.

    Returns
    -------
    dict
        ``rate``, ``test_error`` (seeds,), ``angle`` (seeds, hidden layers) and ``judged``
        (seeds, 4), as `dfa_utils.alignment.bias_and_variance` returns it; both are not-a-number
        for the baseline, whose hidden layers are sent nothing.
    """
    for part in ("train_loss", "train_error", "test_loss", "test_error"):
        curve = np.round(getattr(run.history, part), 4)
        record(f"{prefix_of(name)}_{part}_curve", curve)
    judged = bias_and_variance(run, draws=DRAWS.get(name, 1))
    judged, sent = run.data.backend.to_host(judged), np.nan if name == ALONE else 1.0
    row = {"rate": run.recipe.optimizer.rate, "test_error": run.history.last("test_error")}
    row["angle"] = np.round(run.measured["angle"][-1] * sent, 1)
    return row | {"judged": np.round(judged * sent, 5)}


def arrays_of(table, key):
    """Return a column of a table by rule, dict of str to numpy.ndarray (seeds, ...)."""
    check_instance("table", table, dict)
    return {name: np.array(row[key], dtype=float) for name, row in table.items()}


def family_rows(table, seconds):
    """Return the table of all rules.

    Parameters
    ----------
    table : dict of str to dict
        By rule, as `judge_run` returns them.
    seconds : dict of str to float
        As `dfa_utils.chapter.timing.relative_seconds` returns them, of BP and the others.

    Returns
    -------
    str
        Markdown: means over the seeds, and of the errors the sample deviation.
    """
    lines = [
        "| rule | a layer is told | rate | test error | angles | cosine | variance | step |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in table.items():
        errors, angles, judged = (
            arrays_of(table, k)[name] for k in ("test_error", "angle", "judged")
        )
        mean, spread = interval(errors)
        error = f"{mean:.2f}\u00a0±\u00a0{spread:.2f}"
        error += f" ({each_seed(errors)})" if is_wide(mean, spread) else ""
        cells = [f"{row['rate']:g}", error, ", ".join(f"{a:.0f}" for a in angles.mean(axis=0))]
        variance = (judged[:, 1] / judged[:, 3]).mean()
        cells += [f"{judged[:, 0].mean():.2f}", f"{variance:{'.0f' if variance > 10 else '.1f'}}"]
        cells, step = ["-" if "nan" in cell else cell for cell in cells], f"step, {name}"
        lines.append(f"| {' | '.join([name, TOLD[name], *cells, f'{seconds[step]:.1f}'])} |")
    return "\n".join(lines)


def record_last(table):
    """Record and print the test errors of all rules."""
    for name, errors in arrays_of(table, "test_error").items():
        record_errors(prefix_of(name), "test_error", errors)


def judge_errors(errors, prefix=""):
    """Judge each rule against the baseline, and back-propagation against each.

    Parameters
    ----------
    errors : dict of str to numpy.ndarray (seeds,)
        Of the test images, by rule.
    prefix : str
        How the names of the verdicts begin.
    """
    for name in errors:
        if name != ALONE:
            claim = f"{name}: better than the last layer alone"
            judge(f"{prefix}{prefix_of(name)}_learns", claim, clearly(errors[ALONE] - errors[name]))
    for name in errors:
        if name != "BP":
            behind = clearly(errors[name] - errors["BP"])
            judge(f"{prefix}{prefix_of(name)}_behind", f"BP: better than {name}", behind)


def judge_gradients(judged):
    """Judge which rules are unbiased, and which learned or signed matrices have less bias.

    Parameters
    ----------
    judged : dict of str to numpy.ndarray (seeds, 4)
        By rule; the baseline has no gradient.
    """
    cosines = {name: values[:, 0] for name, values in judged.items() if name != ALONE}
    for name, cosine in cosines.items():
        mean, spread = interval(cosine)
        words = f"{name}: unbiased (cosine {mean:.3f} ± {spread:.3f})"
        fits = abs(mean - 1) <= CLOSE and np.max(np.abs(cosine - 1)) <= NEAR
        judge(f"{prefix_of(name)}_unbiased", words, fits)
    for name, other in (("KP", "FA"), ("WM", "FA"), ("SS", "FA"), ("DKP", "DFA")):
        claim = f"{name}: a larger cosine than {other}"
        judge(f"{prefix_of(name)}_less_biased", claim, clearly(cosines[name] - cosines[other]))
