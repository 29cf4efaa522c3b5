"""When, where and with what each notebook of this book was executed, from the executed copies."""

import json
from datetime import UTC, datetime

from dfa_utils.chapter.records import read_records
from dfa_utils.sweep.words import duration, short

# Of the provenance, what is no version of a library.
OTHER = ("array library", "commit", "BLAS threads", "parameters", "timings")


def runs_of(executed):
    """Return what the executed notebooks say of their runs.

    Parameters
    ----------
    executed : list of Path

    Returns
    -------
    dict of str to dict
        By notebook: ``when`` (datetime), ``seconds``, ``provenance``.
    """
    runs = {}
    for path in executed:
        records = read_records(path)
        if "provenance" in records:
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
            when = datetime.fromisoformat(metadata["papermill"]["end_time"])
            known = {"when": when.astimezone(UTC), "seconds": records["seconds"]}
            runs[path.stem] = known | {"provenance": records["provenance"]}
    return runs


def status_table(chapters, runs):
    """Return when, on what and how long each chapter ran, as a Markdown table.

    Parameters
    ----------
    chapters : list of Notebook
    runs : dict of str to dict
        As `runs_of` returns them.

    Returns
    -------
    str
    """
    rows = []
    for one in chapters:
        if one.name in runs:
            run = runs[one.name]
            where = run["provenance"]["array library"]
            cells = link(one), f"{run['when']:%Y-%m-%d %H:%M}", where, duration(run["seconds"])
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(["| chapter | ended (UTC) | on | took |", "| --- | --- | --- | ---: |", *rows])


def gpu_line(runs):
    """Return in a sentence on which GPU notebooks of this build ran, with which CuPy."""
    found = {
        f"{provenance['array library']} ({cupy_of(provenance)})"
        for provenance in (run["provenance"] for run in runs.values())
        if " on CPU" not in provenance["array library"]
    }
    return f"On a GPU: {'; '.join(sorted(found)) or 'never, in this build'}."


def cupy_of(provenance):
    """Return which CuPy was there, in words."""
    found = [f"{name} {value}" for name, value in provenance.items() if name.startswith("cupy")]
    return ", ".join(found) or "no CuPy"


def versions_list(chapters, runs):
    """Return the versions with which the chapters ran, those of equal ones once, as Markdown."""
    groups = {}
    for one in chapters:
        if one.name in runs:
            provenance = runs[one.name]["provenance"]
            shown = {key: value for key, value in provenance.items() if key not in OTHER}
            shown |= {"commit": provenance["commit"]}
            text = ", ".join(f"{key} {value}" for key, value in shown.items())
            groups.setdefault(text, []).append(link(one))
    if len(groups) == 1:
        return f"All chapters: {next(iter(groups))}."
    return "\n".join(f"- {', '.join(names)}: {text}." for text, names in groups.items())


def parameters_list(chapters, runs):
    """Return the parameters of each chapter, as a Markdown list."""
    return "\n".join(
        f"- {link(one)}: {parameters_in_words(runs[one.name]['provenance']['parameters'])}"
        for one in chapters
        if one.name in runs
    )


def parameters_in_words(parameters):
    """Return parameters as they would be written, each as code, or that there are none."""
    return ", ".join(f"`{name}={short(value)}`" for name, value in parameters.items()) or "none"


def link(chapter):
    """Return a link from a page to a chapter."""
    return f"[{chapter.title}](../notebooks/{chapter.name}.ipynb)"
