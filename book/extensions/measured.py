"""Roles by which a page shows the records of the notebooks, as text.

``{num}`bp_vs_dfa.bp_test_error` `` shows a number with two digits after the point,
``{num}`benchmark.minutes %.0f` `` in another form, and ``{pm}`bp_vs_dfa.bp_test_error` `` with the
standard deviation that is recorded beside it. A deviation that is not there, as of a single seed,
is shown as n/a. Where it is wide (see `dfa_utils.chapter.spread`), the values of the seeds and
their median follow, and it is an error if they are not recorded. A curve takes the place in it:
``alignment.small_dfa_angle_curve[-1][0]``. The
build hands the records over as ``myst_substitutions``.

``{stored}`two_tasks/mnist:dfa_left_curve/0/-1` `` shows values of several seeds in a stored run,
as mean and standard deviation; behind the colon stand names and places, from outside to inside.
"""

import re

import numpy as np
from docutils import nodes
from docutils.utils import unescape

from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.chapter.stored import load_results
from dfa_utils.chapter.verdicts import interval

FORM = "%.2f"
MISSING = "n/a"
PATH = re.compile(r"(\w+)\.(\w+?)(_curve)?((?:\[-?\d+\])*)")


def setup(app):
    """Join the build."""
    app.add_role("num", shown_by(one_number))
    app.add_role("pm", shown_by(with_deviation))
    app.add_role("stored", shown_by(of_stored_run))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def shown_by(show):
    """Return a role that shows what a function makes of the records."""

    def role(name, rawtext, text, line, inliner, options=None, content=()):
        settings = inliner.document.settings.env.app.config
        path, _, form = unescape(text).partition(" %")
        form = f"%{form}" if form else FORM
        try:
            return [nodes.Text(show(settings.myst_substitutions, path, form))], []
        except (LookupError, TypeError, ValueError) as error:
            message = inliner.reporter.error(f"no number {text!r} ({error})", line=line)
            return [inliner.problematic(rawtext, rawtext, message)], [message]

    return role


def one_number(records, path, form):
    """Return the text of a record.

    Parameters
    ----------
    records : dict of str to dict
        By notebook and name.
    path : str
        Such as ``"bp_vs_dfa.bp_test_error"``.
    form : str
        Such as ``"%.2f"``.

    Returns
    -------
    str
    """
    value = record_at(records, path)
    return MISSING if value is None else form % value


def with_deviation(records, path, form):
    """Return the text of a record and of its ``_std``, on one line however narrow the page.

    Where the spread is wide, that of each seed follows.
    """
    both = one_number(records, path, form), one_number(records, deviation_of(path), form)
    text = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}".join(both)
    mean, deviation = record_at(records, path), record_at(records, deviation_of(path))
    if mean is not None and is_wide(mean, deviation):
        text += f" ({each_seed(record_at(records, seeds_of(path)), form)})"
    return text


def of_stored_run(records, path, form):
    """Return the text of what a stored run has recorded of its seeds, as `with_deviation` does.

    The records of this build are not asked.
    """
    name, _, places = path.partition(":")
    values = load_results(name)
    for place in places.split("/"):
        values = values[int(place) if isinstance(values, list) else place]
    mean, deviation = interval(np.array(values, float))
    text = f"{form % mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{form % deviation}"
    return f"{text} ({each_seed(values, form)})" if is_wide(mean, deviation) else text


def deviation_of(path):
    """Return the path of the standard deviation that is recorded beside a record."""
    found = PATH.fullmatch(path)
    return found.expand(r"\1.\2_std\3\4") if found else path


def seeds_of(path):
    """Return the path of the values of the seeds that a record is the mean of."""
    found = PATH.fullmatch(path)
    kind = "_seeds" if found and found[3] else "_per_seed"
    return found.expand(rf"\1.\2{kind}\3\4") if found else path


def record_at(records, path):
    """Return the value of a record; LookupError if there is none."""
    found = PATH.fullmatch(path)
    if not found:
        raise LookupError("such as notebook.record")
    notebook, name, curve, places = found.groups(default="")
    value = records[notebook][name + curve]
    for place in re.findall(r"-?\d+", places):
        value = value[int(place)]
    return value
