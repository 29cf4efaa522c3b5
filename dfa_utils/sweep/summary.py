"""Means with spread over the seeds, and the effect of each parameter."""

from pathlib import Path

from pandas.api.types import is_bool_dtype, is_numeric_dtype

from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.marginals import plot_marginals
from dfa_utils.sweep.table import KEYS, build_table
from dfa_utils.sweep.words import short_text


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
        If a record is unknown.
    """
    table, about = build_table(out)
    return _means(table, about, varied_columns(table, about), known_records(table, about, records))


def print_summary(out, records=None):
    """Print the summary of a sweep and write ``marginals_NAME.png`` for each record.

    Parameters
    ----------
    out : str or path-like
        The folder of a sweep.
    records : list of str, optional
        As in `summarize`.
    """
    table, about = build_table(out)
    records = known_records(table, about, records)
    varied = varied_columns(table, about)
    means = _means(table, about, varied, records)
    shown = means[varied].astype("string").fillna("null").map(short_text)
    for record in records:
        shown[record] = [
            _in_words(*values)
            for values in means[[record, f"{record}_std", f"{record}_count"]].itertuples(
                index=False
            )
        ]
    print(shown.to_string(index=False))
    states = table.drop_duplicates("point")["state"].value_counts()
    print(", ".join(f"{count} {state}" for state, count in states.items()))
    for record in records if varied else ():
        path = Path(out) / f"marginals_{record}.png"
        plot_marginals(_values(table, about, record), record, varied).savefig(path, dpi=150)
        print(path)


def known_records(table, about, records=None):
    """Return the names of the records to show, list of str; see `summarize`."""
    numbers = [
        name
        for name in table.columns
        if name not in {*KEYS, "seed", *about["parameters"]}
        and is_numeric_dtype(table[name])
        and not is_bool_dtype(table[name])
    ]
    if unknown := [name for name in records or () if name not in numbers]:
        raise SweepError(f"there is no record {', '.join(unknown)}; there are {', '.join(numbers)}")
    return records or [name for name in numbers if name.endswith("error")] or numbers


def varied_columns(table, about):
    """Return the parameters, other than the seed, of which the table has several values."""
    names = [name for name in about["parameters"] if name != "seed"]
    return [name for name in names if table[name].nunique(dropna=False) > 1]


def _means(table, about, varied, records):
    """Return what `summarize` does."""
    table = table.assign(group=0)
    if varied:
        table["group"] = table.groupby(varied, sort=False, dropna=False).ngroup()
    result = table.drop_duplicates("group").set_index("group")[varied]
    for record in records:
        values = _values(table, about, record)
        groups = values[record].astype(float).groupby(values["group"])
        result[record] = groups.mean()
        result[f"{record}_std"] = groups.std()
        result[f"{record}_count"] = groups.count()
    return result.reset_index(drop=True)


def _values(table, about, record):
    """Return the rows that hold a record once for each of its values."""
    return table if record in about["per_seed"] else table.drop_duplicates("point")


def _in_words(mean, deviation, count):
    """Return a mean with its spread, such as ``"1.74 ± 0.05 (3)"``."""
    if not count:
        return "none"
    return f"{mean:.4g} ± {deviation:.2g} ({count})" if count > 1 else f"{mean:.4g} (1)"
