"""Means with spread over the seeds, and the effect of each parameter."""

import sys

from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.folder import sweep_folder
from dfa_utils.sweep.report import say
from dfa_utils.sweep.table import KEYS, build_table
from dfa_utils.sweep.words import short_text

COLOUR = "#0072B2"
COLUMNS = 3  # panels side by side
# From this ratio of the largest to the smallest value on, an axis is logarithmic.
LOGARITHMIC = 20


def summarize(out, records=None):
    """Return the mean of each record and its spread.

    Parameters
    ----------
    out : str or path-like
        The folder of a sweep.
    records : list of str, optional
        By default those whose names end in ``error``, or all that are numbers.

    Returns
    -------
    pandas.DataFrame
        A row for each combination of the varied parameters other than the seed, in the order of
        the grid. For each record ``NAME``, its mean, ``NAME_std``, the sample deviation, missing
        for a single value, and ``NAME_count``, how many values there are: one for each seed, or
        one for each point where the notebook records no value by seed. Points that are not done
        have none.

    Raises
    ------
    SweepError
        If no point is done, or a record is unknown.
    """
    table, about, varied, records = _read(out, records)
    return _means(table, about, varied, records)


def print_summary(out, records=None):
    """Print the summary of a sweep and write ``marginals_NAME.png`` for each record.

    Parameters
    ----------
    out : str or path-like
        The folder of a sweep.
    records : list of str, optional
        As in `summarize`.
    """
    table, about, varied, records = _read(out, records)
    means = _means(table, about, varied, records)
    shown = means[varied].astype("string").fillna("null").map(short_text)
    for record in records:
        columns = means[[record, f"{record}_std", f"{record}_count"]]
        shown[record] = [_in_words(*values) for values in columns.itertuples(index=False)]
    say(shown.to_string(index=False))
    say(_states(table))
    for record in records if varied else ():
        path = sweep_folder(out) / f"marginals_{record}.png"
        plot_marginals(_values(table, about, record), record, varied).savefig(path, dpi=150)
        say(str(path))


def plot_marginals(table, record, varied):
    """Draw the mean of a record, and one sample deviation around it, against each parameter.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each value of the record.
    record : str
    varied : list of str
        The columns of the parameters, one panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(len(varied), COLUMNS)
    rows = -(-len(varied) // columns)
    figure = Figure(figsize=(4 * columns, 3.2 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    for axes, name in zip(panels, varied, strict=False):
        found = table.astype({record: float}).groupby(name, dropna=False)[record]
        groups = found.agg(["mean", "std"]).fillna({"std": 0})
        numbers = is_numeric_dtype(groups.index) and not is_bool_dtype(groups.index)
        numbers = numbers and not groups.index.hasnans
        if not numbers:
            groups.index = [short_text(value) for value in groups.index]
        is_wide = numbers and groups.index.min() * LOGARITHMIC <= groups.index.max()
        groups.plot(
            y="mean",
            yerr="std",
            ax=axes,
            style="o-" if numbers else "o",
            logx=bool(is_wide and groups.index.min() > 0),
            legend=False,
            color=COLOUR,
            capsize=3,
            rot=0 if numbers else 20,
            grid=True,
            xlabel=name,
            ylabel=record.replace("_", " "),
        )
    for axes in panels[len(varied) :]:
        axes.set_axis_off()
    return figure


def _read(out, records):
    """Return the table of a sweep, what it says of itself, and the columns to look at."""
    table, about = build_table(out)
    if "done" not in set(table["state"]):
        raise SweepError(f"nothing is done in {out} yet: {_states(table)}")
    numbers = [
        name
        for name in table.columns
        if name not in {*KEYS, "seed", *about["parameters"]}
        and is_numeric_dtype(table[name])
        and not is_bool_dtype(table[name])
    ]
    if unknown := [name for name in records or () if name not in numbers]:
        raise SweepError(f"there is no record {', '.join(unknown)}; there are {', '.join(numbers)}")
    if not numbers:
        raise SweepError(f"the notebook of {out} records no number")
    records = records or [name for name in numbers if name.endswith("error")] or numbers
    names = [name for name in about["parameters"] if name != "seed"]
    varied = [name for name in names if table[name].nunique(dropna=False) > 1]
    return table, about, varied, records


def _means(table, about, varied, records):
    """Return what `summarize` does."""
    table = table.assign(group=0)
    if varied:
        table["group"] = table.groupby(varied, sort=False, dropna=False).ngroup()
    result = table.drop_duplicates("group").set_index("group")[varied]
    for record in records:
        values = _values(table, about, record)
        found = (
            values.astype({record: float}).groupby("group")[record].agg(["mean", "std", "count"])
        )
        result[[record, f"{record}_std", f"{record}_count"]] = found
    return result.reset_index(drop=True)


def _values(table, about, record):
    """Return the rows that hold a record once for each of its values."""
    return table if record in about["per_seed"] else table.drop_duplicates("point")


def _states(table):
    """Return how many points there are in each state, in words."""
    states = table.drop_duplicates("point")["state"].value_counts()
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _in_words(mean, deviation, count):
    """Return a mean with its spread, such as ``"1.74 ± 0.05 (3)"``."""
    if not count:
        return "none"
    try:
        "±".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
        sign = "±"
    except UnicodeEncodeError:
        sign = "+-"
    return f"{mean:.4g} {sign} {deviation:.2g} ({count})" if count > 1 else f"{mean:.4g} (1)"
