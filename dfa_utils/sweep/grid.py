"""Grids of parameters, from the command line and from a file.

A block is a dict from names to lists of values and stands for their product; a grid is a list of
blocks, whose points are run one block after the other.
"""

from itertools import product

import yaml

from dfa_utils.sweep.errors import SweepError, refusals
from dfa_utils.sweep.notebook import check_value
from dfa_utils.validation import check_parameters, check_path
from dfa_utils.validation.limits import plain

FORM = "write NAME=VALUE,VALUE"


def parse_options(options):
    """Read what the command line says.

    Parameters
    ----------
    options : list of str
        Such as ``"learning_rate=0.01,0.1"`` or ``"seeds=[1],[2]"``; a value is YAML.

    Returns
    -------
    dict of str to list
        A block.

    Raises
    ------
    SweepError
        If the text cannot be read, names no value, or names a parameter a second time.
    """
    block = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name.isidentifier():
            raise SweepError(f"--grid {option} cannot be read: {FORM}")
        if name in block:
            raise SweepError(f"--grid {name} is there twice: {FORM} once for each parameter")
        try:
            values = yaml.safe_load(f"[{text}]")
        except yaml.YAMLError as error:
            raise SweepError(f"--grid {option} cannot be read: {FORM} ({error})") from None
        if not values:
            raise SweepError(f"--grid {option} names no value: {FORM}")
        block[name] = values
    return block


def read_grid_file(path):
    """Read a file of blocks.

    Parameters
    ----------
    path : str or path-like
        YAML with ``grids``, a list of blocks, and ``fixed``, the parameters that are the same in
        all of them.

    Returns
    -------
    list of dict of str to list

    Raises
    ------
    SweepError
        If the file cannot be read or has another form.
    """
    with refusals():
        path = check_path("grid file", path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SweepError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict) or not set(content) <= {"fixed", "grids"}:
        raise SweepError(f"{path} must have the keys grids and, if need be, fixed")
    fixed, blocks = content.get("fixed") or {}, content.get("grids")
    if not isinstance(blocks, list) or not blocks or not isinstance(fixed, dict):
        raise SweepError(f"{path}: grids must be a list of blocks and fixed a mapping")
    for block in blocks:
        if not isinstance(block, dict) or not block:
            raise SweepError(f"{path}: a block must map names to lists of values, got {block!r}")
        for name, values in block.items():
            if not isinstance(values, list) or not values:
                raise SweepError(f"{path}: {name} must be a list of values, got {values!r}")
            if name in fixed:
                raise SweepError(f"{path}: {name} is fixed and in a block: leave it in one place")
    return [{name: [value] for name, value in fixed.items()} | block for block in blocks]


def expand(blocks, parameters):
    """Return the choices of all blocks, in their order, each checked against the notebook.

    Parameters
    ----------
    blocks : list of dict of str to list
        Or to other sequences, such as NumPy's arrays.
    parameters : dict of str to Parameter

    Returns
    -------
    list of dict
        What each point gives to the notebook, as plain Python.

    Raises
    ------
    SweepError
        If there is no point, a parameter is unknown, a value is not allowed, or values do not
        belong together.
    """
    if not isinstance(blocks, list | tuple) or not all(isinstance(block, dict) for block in blocks):
        raise SweepError(f"a grid must be a list of blocks, which are dicts, got {blocks!r}")
    blocks = [block for block in blocks if block]
    if not blocks:
        raise SweepError("the grid is empty: give --grid NAME=VALUE,VALUE or --grid-file")
    return [choice for block in blocks for choice in _product(block, parameters)]


def _product(block, parameters):
    """Yield the choices of one block."""
    if unknown := [str(name) for name in block if name not in parameters]:
        known = ", ".join(parameters) or "none"
        raise SweepError(f"the notebook has no parameter {', '.join(unknown)}; it has {known}")
    if "checkpoint_dir" in block:
        raise SweepError("checkpoint_dir cannot be chosen: each point gets a folder of its own")
    columns = []
    for name, values in block.items():
        values = plain(values)
        if not isinstance(values, list) or not values:
            raise SweepError(f"{name} must be a list of values, got {values!r}")
        columns.append([check_value(parameters[name], value) for value in values])
    shared = {name: p.default for name, p in parameters.items() if p.is_shared}
    for values in product(*columns):
        choice = dict(zip(block, values, strict=True))
        with refusals(f", in the point {choice}"):  # each value is allowed; all of them may not be
            check_parameters(shared | {name: choice[name] for name in choice if name in shared})
        yield choice
