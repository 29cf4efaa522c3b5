"""A chapter that is begun from the template: what it writes, and that it runs and fits at once."""

import os
import shutil
import subprocess
import sys

import jupytext
import pytest
import yaml
from conftest import ROOT, book_tool, copy_tree

from dfa_utils.chapter.records import read_records

new_chapter, contents = book_tool("new_chapter"), book_tool("contents")
NAME, PART = "a_new_one", "Why"


def cells(text):
    """Return the cells of a notebook in the percent format."""
    return jupytext.reads(text, "py:percent").cells


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree in which a chapter has been begun, tests included."""
    root = copy_tree(tmp_path_factory.mktemp("new") / "tree")
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    hidden = ("PYTHONPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [
        "make",
        f"VENV={sys.prefix}",
        "ACCELERATOR=torch",
        "-o",
        f"{sys.prefix}/.installed-torch",
    ]
    command += ["new-chapter", f"NAME={NAME}", f"PART={PART}"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def test_it_is_in_the_contents_the_readme_and_every_profile(tree):
    parts = yaml.safe_load((tree / "_toc.yml").read_text("utf-8"))["parts"]
    (chapters,) = (part["chapters"] for part in parts if part["caption"] == PART)
    assert chapters[-1] == {"file": f"notebooks/{NAME}"}
    assert [one.name for one in contents.notebooks(tree)].count(NAME) == 1
    assert f"notebooks/{NAME}.ipynb" in (tree / "README.md").read_text("utf-8")
    for profile in (tree / "book" / "profiles").glob("*.yml"):
        assert NAME in yaml.safe_load(profile.read_text("utf-8"))
    assert (tree / "notebooks" / f"{NAME}.ipynb").is_file()


def test_everything_else_is_as_it_was(tree):
    def texts(name):
        return [(root / name).read_text("utf-8") for root in (ROOT, tree)]

    old, new = texts("_toc.yml")
    assert new.replace(f"      - file: notebooks/{NAME}\n", "") == old
    for profile in ("book", "paper", "smoke"):
        old, new = texts(f"book/profiles/{profile}.yml")
        assert new == old + new_chapter.profile_entry(NAME, profile)


def test_it_keeps_the_contract_of_a_chapter(tree):
    """The tests of all chapters, in the copy, for this one."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["tests/test_project.py", "tests/test_notebooks.py", "-k"]
    own = f"({NAME} or bootstrap or repeat or profiles) and not executed and not smoke_book"
    env = os.environ | {"PYTHONPATH": str(tree)}
    deselected = [f"--deselect=tests/test_notebooks.py::{name}[{NAME}]" for name in EXECUTED_ONLY]
    done = subprocess.run(
        [*command, own, *deselected], cwd=tree, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


# These look at the whole built book.
EXECUTED_ONLY = (
    "test_every_code_cell_was_executed_without_complaint",
    "test_provenance_alone_may_differ",
    "test_figures_are_pictures_with_alternative_text",
    "test_figures_are_vectors_without_a_date",
)


def test_it_runs_and_learns(tree, tmp_path):
    command = [sys.executable, tree / "book/tools/execute.py", tree / "notebooks" / f"{NAME}.py"]
    command += [tmp_path / "out.ipynb", "--profile", tree / "book/profiles/smoke.yml"]
    env = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        [*command, "--cell-timeout", "300"], env=env, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_records(tmp_path / "out.ipynb")["dfa_test_error"] < 50


@pytest.mark.parametrize("part", ["first", "bootstrap", "setup", "last"])
def test_the_template_is_in_step_with_the_chapters(part):
    """Where all chapters say the same, so does the template."""

    def piece(text):
        found = cells(text)
        code = [cell.source for cell in found if cell.cell_type == "code"]
        (bootstrap,) = (c.source for c in found if "bootstrap" in c.metadata.get("tags", ()))
        return {
            "first": found[0].source,
            "bootstrap": bootstrap,
            "setup": code[2],
            "last": code[-1],
        }[part]

    template = new_chapter.chapter_text("bp_vs_dfa")
    assert piece(template) == piece((ROOT / "notebooks" / "bp_vs_dfa.py").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "part", "said"),
    [
        ("bp_vs_dfa", PART, "is there already"),
        ("A-name", PART, "small letters, digits and single _, got 'A-name'"),
        ("../x", PART, "got '../x'"),
        ("fine", "Nowhere", "PART must be one of See it, .*; got 'Nowhere'"),
    ],
)
def test_nothing_is_written_where_something_is_wrong(tmp_path, name, part, said):
    root = copy_tree(tmp_path / "tree")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=said):
        new_chapter.begin_chapter(root, name, part)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_the_last_part_gets_its_chapter_too():
    part = "  - caption: {}\n    chapters:\n      - file: a\n"
    text = "parts:\n" + part.format("A") + part.format("B")
    assert new_chapter.with_chapter(text, "c", "B") == f"{text}      - file: notebooks/c\n"
    assert yaml.safe_load(new_chapter.with_chapter(text, "c", "A"))["parts"][0]["chapters"][1] == {
        "file": "notebooks/c"
    }
