"""The results of a sweep as one tidy table."""

import json
import math
from numbers import Real

import pandas as pd

from dfa_utils.data.files import write_whole
from dfa_utils.sweep.folder import read_plan, read_point, sweep_folder, write_json

KEYS = ("point", "state", "error")


def build_table(out):
    """Collect the points of a sweep.

    Parameters
    ----------
    out : str or path-like

    Returns
    -------
    table : pandas.DataFrame
        A row for each point and seed, in the order of the grid: the point's name, its state
        (done, failed, or missing), its error, its parameters with ``seed`` in the place of
        ``seeds``, and its records. Lists among the parameters are JSON; curves and other records
        that are no plain values stay in the point's ``records.json``.
    about : dict
        ``parameters``, the columns of that kind; ``per_seed``, the records that differ from seed
        to seed, while the others belong to the point and are repeated; ``notebook`` and ``code``;
        ``environments``, the provenance that the notebooks recorded, each with the number of its
        points.
    """
    out = sweep_folder(out)
    plan = read_plan(out)
    rows, per_seed, environments = [], set(), {}
    for point in plan.points:
        status, records = read_point(out, point.name)
        state, error = (status["state"], status["error"]) if status else ("missing", None)
        _count(environments, records.pop("provenance", None))
        keys = dict(zip(KEYS, (point.name, state, error), strict=True))
        seeds = point.parameters.get("seeds") or [None]
        own, shared = _split(records, len(seeds))
        per_seed |= set(own)
        for place, seed in enumerate(seeds):
            values = {name: column[place] for name, column in own.items()}
            rows.append(keys | _parameters(point, seed) | shared | values)
    table = pd.DataFrame({name: _column(rows, name) for name in _names(rows)})
    parameters = list(_parameters(plan.points[0], None))
    about = {"notebook": plan.notebook, "code": plan.code, "parameters": parameters}
    about |= {"per_seed": sorted(per_seed), "environments": list(environments.values())}
    return table, about


def write_table(out):
    """Write the table as ``table.csv`` and ``table.parquet``, and ``table.json`` beside them.

    Parameters
    ----------
    out : str or path-like
        The folder of a sweep.
    """
    out = sweep_folder(out)
    table, about = build_table(out)
    write_whole(out / "table.csv", table.to_csv(index=False).encode())
    write_whole(out / "table.parquet", table.to_parquet(index=False))
    write_json(out / "table.json", about)


def load_table(out):
    """Return the table of a sweep.

    Parameters
    ----------
    out : str or path-like
        The folder of a sweep.

    Returns
    -------
    pandas.DataFrame
        As `build_table` describes it.
    """
    return pd.read_parquet(sweep_folder(out) / "table.parquet")


def _split(records, count):
    """Return the records with a value for each seed, and those with one for the point."""
    own = {
        name.removesuffix("_per_seed"): values
        for name, values in records.items()
        if name.endswith("_per_seed") and isinstance(values, list) and len(values) == count
    }
    means = {f"{name}{ending}" for name in own for ending in ("", "_std")}
    shared = {
        name: value
        for name, value in records.items()
        if name not in means and (value is None or isinstance(value, Real | str))
    }
    return own, shared


def _parameters(point, seed):
    """Return the columns of a point's parameters."""
    shown = {
        name: json.dumps(value) if isinstance(value, list) else value
        for name, value in point.parameters.items()
    }
    return {
        ("seed" if name == "seeds" else name): seed if name == "seeds" else value
        for name, value in shown.items()
    }


def _names(rows):
    """Return the names of all columns, in the order in which they turn up."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _column(rows, name):
    """Return a column whose type follows from its values alone; what is not there is missing."""
    values = [row.get(name) for row in rows]
    kinds = {type(value) for value in values if value is not None}
    for wanted, dtype in (({bool}, "boolean"), ({int}, "Int64")):
        if kinds == wanted:
            return pd.array(values, dtype=dtype)
    if kinds and kinds <= {int, float}:
        return [math.nan if value is None else float(value) for value in values]
    texts = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return pd.array(texts, dtype="string")


def _count(environments, provenance):
    """Count a point for the environment in which it was computed."""
    if not isinstance(provenance, dict):
        return
    environment = {name: value for name, value in provenance.items() if name != "parameters"}
    key = json.dumps(environment, sort_keys=True)
    environments.setdefault(key, {"environment": environment, "points": 0})["points"] += 1
