"""A hash of all code that a notebook's numbers come from.

That is the notebook's code cells but the one with the parameters, whose values are known apart,
and the numerical rooms that they use: every module of dfa_utils that they import, directly or
through one another, except those of ``SHOWING``, which draw and print what others have computed.
Only what Python sees counts: prose, comments, docstrings and layout may change.
"""

import ast
import hashlib
from pathlib import Path

import dfa_utils

PACKAGE = "dfa_utils"
SHOWING = {
    *("alignment_plots", "benchmark_plots", "diagrams", "interactive", "plots", "reports"),
    "sweep_plots",
}


def code_digest(notebook, folder=None):
    """Return the hash.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    folder : Path, optional
        Of the package; by default of the one that is running.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    folder = folder or Path(dfa_utils.__file__).parent
    cells = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", ())
    ]
    rooms = numerical_rooms(cells, folder)
    parts = [normalised(cell) for cell in cells]
    parts += [f"{name}\n{normalised(source)}" for name, source in sorted(rooms.items())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def numerical_rooms(cells, folder):
    """Return the numerical rooms that sources use.

    Parameters
    ----------
    cells : list of str
    folder : Path

    Returns
    -------
    dict of str to str
        The source of each, by its name.
    """
    rooms, waiting = {}, [room for cell in cells for room in _imported(cell)]
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if name in rooms or name in SHOWING or not path.is_file():
            continue
        rooms[name] = path.read_text(encoding="utf-8")
        waiting += _imported(rooms[name])
    return rooms


def normalised(source):
    """Return a source without comments, docstrings and layout; what is not Python stays."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a command for the shell
        return source
    for node in ast.walk(tree):
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)


def _imported(source):
    """Return the names of the modules of the package that a source imports."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("!", "%"))]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return []
    paths = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            paths += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            paths += [f"{node.module}.{alias.name}" for alias in node.names]
    paths = [path.split(".") for path in paths]
    return [path[1] for path in paths if path[0] == PACKAGE and len(path) > 1]
