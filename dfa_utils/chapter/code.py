"""A digest of the code that decides numbers, the same on every version of Python.

Code is known by its content: by what Python sees of it, without comments, docstrings and layout,
and without the statements that only check or print. So a run goes on from a checkpoint, and a point
of a sweep stays done, for as long as their numbers would come out the same.

Only the standard library is used here: what is installed beside it must not change a digest.
"""

import ast
import builtins
import hashlib
import inspect
import json
import re
import sysconfig
import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

# Names of functions that change no number where nothing is made of what they return.
SHOWING = re.compile(r"_*(check|refuse|print|report)(_.*)?")
# Of the package: what only checks, fetches, keeps or draws.
OTHER_ROOMS = {"chapter", "figures", "sweep", "validation"}
# Cells of a notebook whose code decides nothing: the values of parameters are known apart.
OTHER_CELLS = {"parameters", "bootstrap"}
# What a class has without anybody having written it.
GENERATED = (
    "__annotate",
    "__annotations",
    "__abstractmethods__",
    "__dict__",
    "__weakref__",
    "_abc_",
)


def digest_of_source(text):
    """Return the digest of a piece of code.

    Parameters
    ----------
    text : str
        What is not Python, such as a cell with a command for the shell, counts letter by letter.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    try:
        return _digest(_dump(_Essence().visit(ast.parse(text))))
    except SyntaxError:
        return _digest(text)


def digest_of_files(paths):
    """Return the digest of several files of code, known by their names."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    return _digest(json.dumps({name: digest_of_source(texts[name]) for name in sorted(texts)}))


@cache
def digest_of_rooms():
    """Return the digest of all rooms that decide numbers.

    These are the method, at the top of the package, the array library, and how data sets are read
    and scaled; not how they are fetched, nor what checks, keeps and shows.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    method = PACKAGE.glob("[!_]*.py")  # neither __init__ nor __main__
    return digest_of_files([*method, *PACKAGE.glob("array/*.py"), PACKAGE / "data" / "datasets.py"])


def digest_of_notebook(notebook):
    """Return the digest of all code that a notebook's numbers come from.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    str
        64 hexadecimal digits, of its code cells, except the one with the parameters, and of the
        rooms.
    """
    cells = [
        digest_of_source(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not OTHER_CELLS & set(cell["metadata"].get("tags", ()))
    ]
    return _digest(json.dumps([cells, digest_of_rooms()]))


def digest_of_object(thing):
    """Return the digest of a rule, an initialiser, an optimizer, or of a class or function.

    It may be defined anywhere, also in a cell of a notebook.

    Parameters
    ----------
    thing : object
        Counted are the names of its class and of the classes below it, their methods with what
        these use of the code and the constants around them, and the values of its fields.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        If Python has no source of a part of it, or a value cannot be known by its content.
    """
    return _digest(json.dumps(_described(thing, set())))


class _Essence(ast.NodeTransformer):
    """Leave out of a tree what changes no number."""

    def __init__(self):
        self.guarded = 0  # the ``try`` around: there an error can be part of the way things go

    def visit_Try(self, node):
        self.guarded += 1
        node = self.generic_visit(node)
        self.guarded -= 1
        return node

    def visit_If(self, node):
        node = self.generic_visit(node)
        binds = any(isinstance(part, ast.NamedExpr) for part in ast.walk(node.test))
        if node.orelse or binds or (self.guarded and node.body):
            return node
        return None if all(map(_complains, node.body)) else node

    def visit_For(self, node):
        drives = any(isinstance(part, ast.Pass) for part in node.body)
        node = self.generic_visit(node)
        return node if node.body or node.orelse or drives else None

    def visit_FunctionDef(self, node):
        outer, self.guarded = self.guarded, 0
        node = self.generic_visit(node)
        self.guarded = outer
        returns = (ast.Return, ast.Yield, ast.YieldFrom)
        only_shows = _shows(node.name) and not any(isinstance(p, returns) for p in ast.walk(node))
        return None if only_shows else node

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant):  # a docstring, or three dots
            return None
        called = node.value.func if isinstance(node.value, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        return None if _shows(name) else self.generic_visit(node)

    def visit_ImportFrom(self, node):
        return None if _is_another_room(node.module or "") else node

    def visit_Assert(self, node):
        return None

    def visit_Pass(self, node):
        return None

    def visit_JoinedStr(self, node):
        """Let neighbouring texts of an f-string be one, and no text be none."""
        node, parts = self.generic_visit(node), []
        for part in node.values:
            texts = [p for p in (*parts[-1:], part) if isinstance(p, ast.Constant)]
            if len(texts) == 2:
                parts[-1] = ast.Constant(texts[0].value + texts[1].value)
            elif texts[-1:] != [part] or part.value:
                parts.append(part)
        node.values = parts
        return node


def _complains(statement):
    """Tell whether a statement raises an error; what is raised otherwise may be a signal."""
    raised = getattr(statement, "exc", None)
    raised = getattr(raised, "func", raised)
    name = getattr(raised, "attr", getattr(raised, "id", ""))
    return isinstance(statement, ast.Raise) and name.endswith("Error")


def _is_another_room(module):
    """Tell whether a module of the package, by its name, decides no number."""
    names = module.split(".")
    return names[0] == PACKAGE.name and bool(set(names[1:2]) & OTHER_ROOMS)


def _shows(name):
    """Tell whether a function of this name only checks or prints."""
    return bool(SHOWING.fullmatch(name))


def _dump(node):
    """Return the text of a tree, of the fields that hold something: others come with versions."""
    if isinstance(node, list):
        return f"[{','.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = {name: getattr(node, name, None) for name in node._fields}
    if isinstance(node, ast.Constant):
        parts = {"value": repr(node.value)}  # None is a value
    if isinstance(node, ast.FormattedValue) and not getattr(node.format_spec, "values", None):
        parts["format_spec"] = None
    named = [f"{name}={_dump(part)}" for name, part in parts.items() if part not in (None, [])]
    return f"{type(node).__name__}({','.join(named)})"


def _described(thing, seen):
    """Return what a digest is made of, in lists and texts; what was seen before is named only."""
    if thing is None or isinstance(thing, bool | int | float | complex | str | bytes):
        return [type(thing).__name__, repr(thing)]
    if isinstance(thing, list | tuple):
        return ["list", *(_described(item, seen) for item in thing)]
    if isinstance(thing, set | frozenset):
        return ["set", *sorted((_described(item, seen) for item in thing), key=json.dumps)]
    if isinstance(thing, dict):
        return ["dict", *([_described(k, seen), _described(v, seen)] for k, v in thing.items())]
    if hasattr(thing, "tobytes") and hasattr(thing, "dtype"):
        return ["array", str(thing.dtype), list(thing.shape), _digest(thing.tobytes())]
    if isinstance(thing, types.ModuleType):
        own = digest_of_source(_source(thing)) if _is_own(thing) else ""
        return ["module", thing.__name__, own]
    if isinstance(thing, types.MethodType):
        return ["method", _described(thing.__self__, seen), _described(thing.__func__, seen)]
    if isinstance(thing, type):
        return [_described_code(thing, seen), _described(_defaults(thing), seen)]
    if callable(thing) and hasattr(thing, "__name__"):
        return _described_code(thing, seen)
    values = vars(thing) if hasattr(thing, "__dict__") else {}
    if is_dataclass(thing):
        values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return ["object", _described_code(type(thing), seen), _described(values, seen)]


def _described_code(thing, seen):
    """Return what a digest of a class or a function is made of."""
    if id(thing) in seen:
        return ["again", thing.__name__]
    seen.add(id(thing))
    if not isinstance(thing, type):
        function = inspect.unwrap(thing)
        if not isinstance(function, types.FunctionType):
            _refuse(thing)
        return ["function", function.__name__, *_described_function(function, seen)]
    lineage = [kind for kind in thing.__mro__ if not _is_only_a_base(kind)]
    if not lineage:
        _refuse(thing)
    return [
        "class",
        *(
            [k.__name__, *([n, _described_member(part, seen)] for n, part in _members(k))]
            for k in lineage
        ),
    ]


def _defaults(kind):
    """Return what the fields of a class are where nothing is given, dict."""
    found = fields(kind) if is_dataclass(kind) else ()
    pairs = {field.name: (field.default, field.default_factory) for field in found}
    return {name: [part for part in pair if part is not MISSING] for name, pair in pairs.items()}


def _is_only_a_base(kind):
    """Tell whether a class, as a base of others, decides no number."""
    foreign = kind.__module__ in ("abc", "typing") or _is_another_room(kind.__module__)
    return foreign or vars(builtins).get(kind.__name__) is kind


def _members(kind):
    """Return what was written in the body of a class, by name, but the fields' defaults."""
    generated = set(getattr(kind, "__dataclass_fields__", ()))
    members = []
    for name, part in sorted(vars(kind).items()):
        plain_dunder = name.startswith("__") and not callable(getattr(part, "__func__", part))
        made = is_dataclass(kind) and name.startswith("__") and _is_made(part)
        slot = isinstance(part, types.MemberDescriptorType | types.GetSetDescriptorType)
        if not (name in generated or name.startswith(GENERATED) or plain_dunder or made or slot):
            members.append((name, part))
    return members


def _is_made(part):
    """Tell whether a method is the work of the decorator of a dataclass."""
    part = inspect.unwrap(part) if isinstance(part, types.FunctionType) else None
    return part is not None and (
        part.__code__.co_filename == "<string>" or part.__globals__["__name__"] == "dataclasses"
    )


def _described_member(part, seen):
    """Return what a digest of a method, a property or a constant of a class is made of."""
    if isinstance(part, property):
        return [_described(way, seen) for way in (part.fget, part.fset, part.fdel)]
    for attribute in ("__func__", "func"):  # of a static or class method, of a cached property
        part = getattr(part, attribute, part)
    return _described(part, seen)


def _described_function(function, seen):
    """Return the digest of a function's source, and of what it uses of its surroundings."""
    source = _source(function)
    if source[:1].isspace():  # as it stands in a class
        source = f"if True:\n{source}"
    try:
        tree = _Essence().visit(ast.parse(source))
    except SyntaxError:
        _refuse(function)
    if not any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree)):
        # A lambda, of which Python knows only the line; or a function that only checks.
        if function.__name__ == "<lambda>":
            _refuse(function, "define it by def")
        return []
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    around = function.__globals__ | {name: cell.cell_contents for name, cell in cells}
    used = {
        name: _described(around[name], seen)
        for name in sorted({node.id for node in names} - own)
        if name in around and _counts(around[name])
    }
    return [_digest(_dump(tree)), used]


def _counts(thing):
    """Tell whether a digest of a function looks at something that it uses from around it."""
    plain = bool | int | float | complex | str | bytes | tuple | list | dict | set | frozenset
    code = isinstance(thing, type | types.FunctionType | types.ModuleType)
    return _is_own(thing) if code else isinstance(thing, plain) or hasattr(thing, "tobytes")


def _is_own(thing):
    """Tell whether code is the reader's: not of an installed library, nor of this package."""
    module = thing if isinstance(thing, types.ModuleType) else inspect.getmodule(thing)
    if module is None or module.__name__ == "__main__":
        return not isinstance(thing, types.ModuleType)
    if not getattr(module, "__file__", None):
        return False
    path = Path(module.__file__).resolve()
    libraries = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    return not any(path.is_relative_to(folder) for folder in (PACKAGE, *libraries))


def _source(thing):
    """Return the source of a module or a function."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        _refuse(thing)


def _refuse(thing, advice="define it in a file or in a cell of a notebook"):
    """Raise ValueError, in one line, for what cannot be known by its content."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", repr(thing))
    raise ValueError(f"{name} must be code whose source Python can read: {advice}") from None


def _digest(content):
    """Return the hash of a text or of bytes."""
    content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(content).hexdigest()
