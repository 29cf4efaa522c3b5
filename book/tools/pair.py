"""Write each notebook's ``.ipynb``, without outputs, from its ``.py``; never over an edit.

The ``.ipynb`` holds a digest of the cells that were written into it, so that an edit made there is
told from one made in the ``.py``.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import jupytext
import nbformat

DIGEST = "written_from"  # in the metadata of the .ipynb


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, nargs="+", help="notebooks as .py")
    parser.add_argument("--discard", action="store_true", help="write over edits too")
    arguments = parser.parse_args()
    edited = [source for source in arguments.sources if is_edited(source)]
    for source in arguments.sources:
        if source not in edited or arguments.discard:
            write_pair(source)
    if edited and not arguments.discard:
        sys.exit("\n".join(map(how_to_keep, edited)))


def how_to_keep(source):
    """Return what to do about an edit of the ``.ipynb``, text."""
    pair = source.with_suffix(".ipynb")
    return (
        f"{pair} has been edited and is not written over. To keep the edit, carry it into {source}:"
        f"\n    jupytext --to py:percent --update {pair}\nTo drop it: make sync DISCARD=1"
    )


def write_pair(source):
    """Write the ``.ipynb`` of a notebook, if it is not that already."""
    path = source.with_suffix(".ipynb")
    notebook = jupytext.read(source)
    old = nbformat.read(path, as_version=4).cells if path.exists() else []
    ids = {cell.source: cell.id for cell in old}
    for number, cell in enumerate(notebook.cells):
        # The same id for the same cell, so that a difference shows what has changed alone.
        new = hashlib.sha256(f"{number} {cell.source}".encode()).hexdigest()[:8]
        cell.id = ids.pop(cell.source, new)
    notebook.metadata[DIGEST] = digest(notebook)
    text = jupytext.writes(notebook, fmt="ipynb").rstrip("\n") + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(path)


def is_edited(source):
    """Tell whether the ``.ipynb`` of a notebook has been edited since it was written.

    Parameters
    ----------
    source : Path
        The notebook as ``.py``.

    Returns
    -------
    bool
        False where there is no ``.ipynb``, or where both hold the same cells.
    """
    path = source.with_suffix(".ipynb")
    if not path.exists() or same_cells(source):
        return False
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get(DIGEST, digest(notebook)) != digest(notebook)


def same_cells(source):
    """Tell whether both forms of a notebook hold the same cells; outputs do not count."""
    pair = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    return cells_of(jupytext.read(source)) == cells_of(pair)


def cells_of(notebook):
    """Return what must agree between the two forms: type and text of each cell."""
    return [[cell.cell_type, cell.source] for cell in notebook.cells]


def digest(notebook):
    """Return the digest of the cells of a notebook, text."""
    return hashlib.sha256(json.dumps(cells_of(notebook)).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
