"""The reference: every public name is there once, in the order of imports, and well described."""

import ast
import contextlib
import io
import re
from functools import cache
from importlib import import_module

import pytest
from conftest import ROOT, Book, copy_tree
from numpydoc.validate import validate

PACKAGE = ROOT / "dfa_utils"
PAGES = sorted((ROOT / "book" / "api").glob("*.md"))
# Without a docstring of their own to show: the version, and `python -m`.
WITHOUT_TEXT = {"", "__main__", "sweep.__main__"}
# What numpydoc finds and this project does otherwise.
LEFT_OUT = {
    "ES01": "a summary may say all",
    "EX01": "examples are the notebooks",
    "SA01": "references stand in the sentence that needs them",
    "PR07": "a name with a type and a shape may say all",
    "RT03": "so may the type and shape of what is returned",
    "PR08": "a description may begin with a symbol",
    "RT04": "a description may begin with a symbol",
    "PR03": "arrays of one kind share a line",
}
SECTIONS = {"PR01", "RT01", "YD01"}  # a section is missing
IMPORT = re.compile(r"from dfa_utils\.([\w.]+) import (\(.*?\)|[\w, ]+)", re.S)


def rooms():
    """Return the path of every room by its name, such as ``sweep.table``."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix("__init__").rstrip(".")] = path
    return found


@cache
def parsed(path):
    """Return the syntax tree of a room."""
    return ast.parse(path.read_text("utf-8"))


def is_public(node):
    """Tell whether a definition is for others."""
    kinds = ast.FunctionDef | ast.ClassDef
    return isinstance(node, kinds) and not node.name.startswith("_")


def definitions(room):
    """Return the public functions and classes of a room, and the public methods of these."""
    names = []
    for node in filter(is_public, parsed(rooms()[room]).body):
        names.append(node.name)
        if isinstance(node, ast.ClassDef):
            names += [f"{node.name}.{method.name}" for method in filter(is_public, node.body)]
    return names


def imports(room):
    """Return the rooms that a room imports from."""
    return {
        (node.module or "").removeprefix("dfa_utils").lstrip(".")
        for node in ast.walk(parsed(rooms()[room]))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dfa_utils")
    } - {""}


DESCRIBED = sorted(set(rooms()) - WITHOUT_TEXT)


def test_every_room_is_on_one_page():
    found = [
        name
        for page in PAGES
        for name in re.findall(
            r"^\.\. automodule:: dfa_utils\.(\S+)$", page.read_text("utf-8"), re.M
        )
    ]
    assert sorted(found) == DESCRIBED


def test_every_public_name_is_on_the_built_pages_once(smoke_book):
    pages = "".join(
        path.read_text("utf-8") for path in (smoke_book.html / "book" / "api").glob("*.html")
    )
    shown = re.findall(r'<dt class="sig sig-object py" id="dfa_utils\.([\w.]+)"', pages)
    expected = {f"{room}.{name}" for room in DESCRIBED for name in definitions(room)}
    assert len(expected) > 150
    assert expected <= set(shown)
    assert len(shown) == len(set(shown))
    assert "Alias for field number" not in pages
    assert not re.search(r" at 0x[0-9a-f]{6}", pages)  # an address differs from run to run


@pytest.mark.parametrize(
    "table",
    [
        *("network.ACTIVATIONS", "rules.RULES", "losses.LOSSES", "optimizers.SCHEDULES"),
        *("initialisers.INITIALISERS", "optimizers.OPTIMIZERS", "data.datasets.DATASETS"),
        *("validation.limits.PARAMETERS", "figures.style.RULE_LOOKS", "history.QUANTITIES"),
    ],
)
def test_what_names_stand_for_is_described(smoke_book, table):
    pages = (smoke_book.html / "book" / "api").glob("*.html")
    entry = rf'id="dfa_utils\.{table}".*?</dt>\s*<dd><p>\w'
    assert sum(len(re.findall(entry, page.read_text("utf-8"), re.S)) for page in pages) == 1


def test_each_entry_leads_to_its_source(smoke_book):
    page = (smoke_book.html / "book" / "api" / "method.html").read_text("utf-8")
    assert 'href="../../_modules/dfa_utils/rules.html#DFA"' in page
    source = smoke_book.html / "_modules" / "dfa_utils" / "rules.html"
    assert 'id="DFA"' in source.read_text("utf-8")


def test_rooms_import_only_from_rooms_above_them():
    text = (ROOT / "book" / "api" / "package.md").read_text("utf-8")
    order = re.findall(r"^\| \{py:mod\}`~dfa_utils\.(\w+)`", text, re.M)
    described = set(rooms()) - WITHOUT_TEXT
    assert sorted(order) == sorted({room.split(".")[0] for room in described})
    for room in described:
        place = order.index(room.split(".")[0])
        assert {name.split(".")[0] for name in imports(room)} <= set(order[: place + 1]), room
    method = [room for room in order if (PACKAGE / f"{room}.py").is_file()]
    for room in method:
        assert {name.split(".")[0] for name in imports(room)} <= {"array", "validation", *method}


@pytest.mark.parametrize("page", ["foundations", "data", "chapter", "figures", "sweeps"])
def test_within_a_place_too(page):
    text = (ROOT / "book" / "api" / f"{page}.md").read_text("utf-8")
    order = re.findall(r"^## `dfa_utils\.(\w+\.\w+)`", text, re.M)
    for place, room in enumerate(order):
        beside = {name for name in imports(room) if name.split(".")[0] == room.split(".")[0]}
        assert {name for name in beside if "." in name} <= set(order[:place]), room


@cache
def names_for_readers():
    """Return what notebooks and pages import: room and name."""
    texts = [*ROOT.glob("notebooks/*.py"), *ROOT.glob("book/**/*.md"), ROOT / "README.md"]
    return {
        (room, name)
        for path in texts
        for room, names in IMPORT.findall(path.read_text("utf-8"))
        for name in re.findall(r"\w+", names)
    }


def findings(room):
    """Yield what numpydoc says about the docstrings of a room, without what is left out."""
    for name in definitions(room):
        text = ast.get_docstring(find(room, name))
        if text is None and "." in name:  # a method that does what its base class describes
            holder, method = name.split(".")
            kind = getattr(import_module(f"dfa_utils.{room}"), holder)
            assert any(getattr(getattr(k, method, None), "__doc__", None) for k in kind.__mro__[1:])
            continue
        # What is not imported by readers may say all in one paragraph.
        brief = "\n---" not in text
        optional = brief and (room, name.split(".")[0]) not in names_for_readers()
        for code, message in validate(f"dfa_utils.{room}.{name}")["errors"]:
            if code not in LEFT_OUT and not (code in SECTIONS and optional):
                yield f"{name}: {code} {message}"


def find(room, name):
    """Return the syntax tree of a definition."""
    node = parsed(rooms()[room])
    for part in name.split("."):
        (node,) = (n for n in node.body if is_public(n) and n.name == part)
    return node


@pytest.mark.parametrize("room", DESCRIBED)
def test_docstrings_are_in_the_form_of_numpydoc(room):
    assert ast.get_docstring(parsed(rooms()[room]))
    assert list(findings(room)) == []


def test_a_missing_section_is_noticed():
    def half_described(x, y):
        """Return x.

        Parameters
        ----------
        x : int
        """
        return x

    half_described.__module__ = __name__
    globals()["half_described"] = half_described
    codes = {code for code, _ in validate(f"{__name__}.half_described")["errors"]}
    assert {"PR01", "RT01"} <= codes


def test_the_example_runs():
    text = (ROOT / "book" / "api" / "package.md").read_text("utf-8")
    example, rule = re.findall(r"```python\n(.*?)```", text, re.S)
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(example, names)
    errors = [float(number) for number in re.findall(r"[\d.]+", printed.getvalue().split("\n")[-2])]
    assert len(errors) == 3 and all(0 < error < 90 for error in errors)
    exec(rule, names)
    recipe = names["Recipe"](names["SignDFA"](names["Normal"](0.1)), names["SGD"](0.05))
    run = names["Run"](names["network"], recipe, names["data"], seeds=[0]).fit(10)
    assert run.history.last("test_error") < 50


def test_the_reference_is_that_of_the_tree(tmp_path):
    """Although another copy of the package is installed."""
    book = Book(copy_tree(tmp_path / "tree"))
    for notebook in (book.root / "notebooks").glob("*.py"):
        notebook.unlink()
    for page in (book.root / "book").rglob("*.md"):
        page.unlink()
    (book.root / "_toc.yml").write_text("{format: jb-book, root: book/intro}")
    (book.root / "book" / "references.bib").write_text("")
    directive = "```{eval-rst}\n.. automodule:: dfa_utils.history\n```\n"
    (book.root / "book" / "intro.md").write_text(f"# A page\n\n## History\n\n{directive}")
    path = book.root / "dfa_utils" / "history.py"
    path.write_text(
        path.read_text("utf-8").replace("What a training run leaves", "What this tree leaves")
    )
    status, output = book.make("book")
    assert status == 0, output
    assert "What this tree leaves" in (book.html / "book" / "intro.html").read_text("utf-8")
