"""The chapters in the order of ``_toc.yml``, and the lists that the pages and the README show.

``python book/tools/contents.py`` writes the list of the README anew.
"""

import re
from pathlib import Path
from typing import NamedTuple

import jupytext
import yaml

from dfa_utils.chapter.spread import each_seed, is_wide

ROOT = Path(__file__).resolve().parents[2]
# A title, and one paragraph that sums the chapter up.
OPENING = re.compile(r"# (?P<title>.+)\n\n(?P<summary>(?!\*\*)\S[^\n]*)(?:\n\n|\Z)")
START, END = "<!-- The chapters: make sync writes them. -->", "<!-- End of the chapters. -->"


class Notebook(NamedTuple):
    """A chapter that is a notebook.

    Parameters
    ----------
    name : str
        Of its files, without an ending.
    title, summary : str
    """

    name: str
    title: str
    summary: str


def main():
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    path.write_text(with_chapters(text, notebooks(ROOT), config), encoding="utf-8")


def notebooks(root):
    """Return the notebooks of a book in the order of its contents.

    Parameters
    ----------
    root : Path
        Of the tree, with ``_toc.yml`` and the folder ``notebooks``.

    Returns
    -------
    list of Notebook
    """
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = contents.get("parts") or [contents]
    files = [chapter["file"] for part in parts for chapter in part.get("chapters", ())]
    paths = [root / f"{file}.py" for file in files if file.startswith("notebooks/")]
    return [Notebook(path.stem, *opening(path)) for path in paths]


def opening(path):
    """Return the title of a notebook and the paragraph that sums it up."""
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "markdown" and (found := OPENING.match(cell.source)):
            return found.groups()
    raise SystemExit(f"{path}: no cell holds a title and a paragraph that sums it up")


def colab_address(name, config):
    """Return where a notebook opens in Colab.

    Parameters
    ----------
    name : str
    config : dict
        What ``_config.yml`` holds.

    Returns
    -------
    str
    """
    repository = config["repository"]
    path = repository["url"].replace("https://github.com/", "/github/")
    start = config["launch_buttons"]["colab_url"]
    return f"{start}{path}/blob/{repository['branch']}/notebooks/{name}.ipynb"


def colab_list(chapters, config):
    """Return a Markdown list of links to the chapters in Colab."""
    return "\n".join(f"- [{one.title}]({colab_address(one.name, config)})" for one in chapters)


def with_chapters(readme, chapters, config):
    """Return the text of the README with its list of chapters written anew."""
    before, rest = readme.split(f"{START}\n")
    _, after = rest.split(END)
    lines = [
        f"- [{one.title}](notebooks/{one.name}.ipynb)"
        f" ([Colab]({colab_address(one.name, config)})): {one.summary}"
        for one in chapters
    ]
    return "\n".join([f"{before}{START}", *lines, f"{END}{after}"])


def seconds_table(chapters, records):
    """Return how long each chapter took, as a Markdown table.

    Parameters
    ----------
    chapters : list of Notebook
    records : dict of str to dict
        Of the executed notebooks.

    Returns
    -------
    str
    """
    rows = [
        f"| [{one.title}](../notebooks/{one.name}.ipynb) | {records[one.name]['seconds']:.0f} |"
        for one in chapters
        if "seconds" in records.get(one.name, ())
    ]
    return "\n".join(["| chapter | seconds |", "| --- | ---: |", *rows])


def record_tables(chapters, records):
    """Return every number that a notebook has recorded for readers, a Markdown table each.

    Parameters
    ----------
    chapters : list of Notebook
    records : dict of str to dict
        Of the executed notebooks.

    Returns
    -------
    str
    """
    blocks = []
    for one in chapters:
        found = records.get(one.name, {})
        shown = [name for name in found if is_headline(name, found[name])]
        if not shown:
            continue
        rows = [
            f"| `{name}` | {in_words(found, name)} |"
            for name in shown
            if not (name.endswith("_std") and name.removesuffix("_std") in shown)
        ]
        title = f"**[{one.title}](../notebooks/{one.name}.ipynb)**"
        blocks.append("\n".join([f"{title}\n", "| record | value |", "| --- | ---: |", *rows]))
    return "\n\n".join(blocks)


def is_headline(name, value):
    """Tell what a page can show in a word from curves, lists, dicts and provenance."""
    hidden = name.endswith(("_curve", "_per_seed")) or name in ("provenance", "seconds")
    return not (hidden or isinstance(value, list | dict))


def in_words(records, name):
    """Return a record as text, with its standard deviation, and each seed where that is wide."""

    def number(value):
        if isinstance(value, float):
            return f"{value:g}" if name.endswith("_rate") else f"{value:.2f}"
        return "n/a" if value is None else str(value)

    text = number(records[name])
    if f"{name}_std" in records:
        deviation = records[f"{name}_std"]
        text += f"&nbsp;±&nbsp;{number(deviation)}"
        seeds = records.get(f"{name}_per_seed")
        if seeds and is_wide(records[name], deviation):
            text += f" ({each_seed(seeds)})"
    return text


if __name__ == "__main__":
    main()
