"""The prose pages: no typed results, and nothing that points to what is not there."""

import builtins
import re
from pathlib import Path

import jinja2
import jupytext
import numpy as np
import pytest
import yaml
from jinja2 import nodes
from pybtex.database import parse_file

import dfa_utils
from dfa_utils import records
from dfa_utils.benchmark_numbers import headline_numbers
from dfa_utils.benchmark_plots import FIGURES
from dfa_utils.paper_table import table_numbers
from dfa_utils.stored_results import load_results

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("book/*.md"), *ROOT.glob("book/api/*.md")])
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.py"))
TEXTS = [*PAGES, *(ROOT / name for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md"))]

SUBSTITUTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CITATION = re.compile(r"\{cite:[tp]\}`([^`]*)`")
# A share or a measured value: 9.87, 10 %, ten percent. Years and sizes of data sets are neither.
TYPED_RESULT = re.compile(r"(?<![\w.])\d+\.\d+(?!\w|\.\d)|\d\s*(?:%|percent)")


def name_of(path):
    """Return how a failing test shall name a file."""
    return str(path.relative_to(ROOT))


def read(path):
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


def typed_results(text):
    """Return what looks like a result that somebody has typed."""
    return TYPED_RESULT.findall(CODE.sub("", SUBSTITUTION.sub("", text)))


def used_records(text):
    """Return the records that substitutions use, as pairs (notebook, record)."""
    found = set()
    for expression in SUBSTITUTION.findall(text):
        tree = jinja2.Environment().parse("{{" + expression + "}}")
        accesses = list(tree.find_all(nodes.Getattr))
        found |= {(access.node.name, access.attr) for access in accesses}
        assert len(list(tree.find_all(nodes.Name))) == len(accesses), expression
    return found


class Anything:
    """Stands in for whatever a notebook has computed when it comes to record it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __getitem__(self, key):
        return self

    __sub__ = __round__ = __call__

    def __len__(self):
        return 2

    def __iter__(self):
        return iter(())

    def __format__(self, spec):
        return "anything"

    def __array__(self, dtype=None, copy=None):
        return np.zeros(2)


class Names(dict):
    """Global names in which every name that is neither set nor built in stands for anything."""

    def __missing__(self, name):
        if hasattr(builtins, name):
            raise KeyError(name)
        return Anything()


def declared_records(notebook, monkeypatch):
    """Return the names that a notebook records: its recording cells are run, the others not."""
    declared = set()
    monkeypatch.setattr(records, "record", lambda name, value: declared.add(name))
    for check in ("check", "check_instance"):
        monkeypatch.setattr(records, check, lambda name, value, *_: value)
    cells = (cell.source for cell in jupytext.read(notebook).cells if cell.cell_type == "code")
    names = Names()
    recording = ("record_errors", "record_history", "show_provenance")
    names.update((name, vars(records)[name]) for name in recording)
    names["record"] = records.record
    for source in cells:
        if re.search(
            r"^\s*(?:record|record_errors|record_history|show_provenance)\(", source, re.MULTILINE
        ):
            exec(source, {}, names)
    return declared


@pytest.fixture(scope="module")
def bibliography():
    """The keys of the bibliography."""
    return set(parse_file(ROOT / "book" / "references.bib").entries)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_result_is_typed(page):
    # Pages that derive or explain hold constants of their own; those five report.
    if page.stem in ("intro", "ja", "performance", "reliability", "results"):
        assert typed_results(read(page)) == []
    else:
        assert not re.search(r"\d\s*%|\d ± \d", CODE.sub("", read(page)))


@pytest.mark.parametrize("text", ["BP ends at 9.87.", "About 10 % are wrong.", "3 percent"])
def test_a_typed_result_is_noticed(text):
    assert typed_results(text)


def test_used_records_are_those_that_the_notebooks_declare(monkeypatch):
    declared = {
        (re.sub(r"^\d+_", "", notebook.stem), name)
        for notebook in NOTEBOOKS
        for name in declared_records(notebook, monkeypatch)
    }
    declared |= {("benchmark", name) for name in headline_numbers(load_results("benchmark"))}
    declared |= {("soak", name) for name in load_results("soak")}
    declared |= {("paper_table", name) for name in table_numbers()}
    declared |= {("site", "pdf")}  # the link to it, where there is one
    used = {pair for page in PAGES for pair in used_records(read(page))}
    assert used <= declared


def is_headline(name):
    """Tell a number that a page can show from curves, lists and provenance."""
    return not name.endswith(("_curve", "_per_seed")) and name != "provenance"


def test_results_page_shows_every_headline_of_every_notebook(monkeypatch):
    shown = used_records(read(ROOT / "book" / "results.md"))
    for notebook in NOTEBOOKS:
        stem = re.sub(r"^\d+_", "", notebook.stem)
        names = filter(is_headline, declared_records(notebook, monkeypatch))
        assert {(stem, name) for name in names} <= shown


def test_substitutions_are_read_as_jinja_reads_them():
    expression = '{{ "%.1f" % a.b_std if a.b_std is not none else "n/a" }} and {{ c.d }}'
    assert used_records(expression) == {("a", "b_std"), ("c", "d")}
    with pytest.raises(AssertionError, match="whole"):
        used_records("{{ whole }}")


def test_a_missing_deviation_is_shown_as_such():
    for expression in SUBSTITUTION.findall(read(ROOT / "book" / "results.md")):
        if "_std" in expression:
            ((notebook, name),) = used_records("{{" + expression + "}}")
            show = jinja2.Environment().compile_expression(expression)
            assert show({notebook: {name: None}}) == "n/a"
            assert show({notebook: {name: 0.126}}) == (
                "0.1" if name == "epochs_run_std" else "0.13"
            )


def test_every_citation_is_in_the_bibliography_and_every_entry_is_cited(bibliography):
    cited = {
        key.strip()
        for page in PAGES
        for keys in CITATION.findall(read(page))
        for key in keys.split(",")
    }
    assert cited == bibliography


def test_every_entry_of_the_bibliography_can_be_looked_up():
    for key, entry in parse_file(ROOT / "book" / "references.bib").entries.items():
        assert {"title", "year"} <= set(entry.fields), key
        assert {"doi", "url"} & set(entry.fields), key
        assert key.endswith(entry.fields["year"]), key


def test_table_of_contents_names_every_page_and_every_notebook():
    contents = yaml.safe_load(read(ROOT / "_toc.yml"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    listed = [contents["root"], *chapters]
    present = [path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES + NOTEBOOKS]
    assert sorted(listed) == sorted(present)


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_links_lead_to_files_or_labels(text):
    labels = set(re.findall(r"^\(([\w-]+)\)=$", "\n".join(map(read, PAGES)), re.MULTILINE))
    for target in LINK.findall(CODE.sub("", read(text))):
        if target.startswith("#"):
            assert target[1:] in labels, target
        elif not target.startswith("https://"):
            assert (text.parent / target).exists(), target


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_pictures_have_alternative_text(text):
    figures = re.findall(r"^:::\{figure\} (\S+)\n(.*?)^:::$", read(text), re.MULTILINE | re.DOTALL)
    for picture, body in figures:
        assert re.search(r"^:alt: .{40,}[.。]$", body, re.MULTILINE), picture
        drawn = Path(picture).name in (*FIGURES, "playground.svg")  # when the book is built
        assert drawn or (text.parent / picture).exists(), picture
    for alternative in re.findall(r"!\[([^\]]*)\]\(", read(text)):
        assert re.fullmatch(r".{40,}\.", alternative)


def test_readme_begins_with_the_two_commands_and_shows_the_picture():
    readme = read(ROOT / "README.md")
    first_block = re.search(r"```bash\n(.*?)```", readme, re.DOTALL).group(1)
    assert re.findall(r"^make \w+", first_block, re.MULTILINE) == ["make book", "make test"]
    assert "](book/_static/error_paths.svg)" in readme


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_commands_in_the_text_are_targets_of_the_makefile(text):
    targets = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    commands = re.findall(r"(?:`|^)make (?:-j2 )?([a-z]+)", read(text), re.MULTILINE)
    assert set(commands) <= targets


def test_citation_file_is_complete_and_of_this_version():
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert all(author.keys() & {"name", "family-names"} for author in citation["authors"])
    assert citation["version"] == dfa_utils.__version__
    assert citation["version"] in read(ROOT / "CHANGELOG.md")


def test_addresses_of_the_repository_agree():
    repository = yaml.safe_load(read(ROOT / "_config.yml"))["repository"]
    assert yaml.safe_load(read(ROOT / "CITATION.cff"))["repository-code"] == repository["url"]
    owner, name = repository["url"].split("/")[-2:]
    for path in (ROOT / "README.md", ROOT / "book" / "running.md", ROOT / "book" / "ja.md"):
        colab = re.findall(r"https://colab\.research\.google\.com/github/([^)\s]+)", read(path))
        notebooks = {
            f"{owner}/{name}/blob/{repository['branch']}/notebooks/{notebook.stem}.ipynb"
            for notebook in NOTEBOOKS
        }
        assert set(colab) == notebooks


def test_licences_are_whole():
    assert read(ROOT / "LICENSE").startswith("MIT License\n")
    text = read(ROOT / "LICENSE-text")
    assert text.startswith("Attribution 4.0 International\n")
    sections = re.findall(r"^Section (\d) -- ", text, re.MULTILINE)
    assert sections == list("12345678")


def test_the_summary_in_japanese_is_marked_as_such(smoke_book):
    page = (smoke_book.html / "book" / "ja.html").read_text("utf-8")
    article = page.split("<article", 1)[1].split("</article>", 1)[0]
    assert re.search(r'^[^>]*>\s*<section [^>]*lang="ja"', article)
    for path in smoke_book.html.rglob("*.html"):
        for title in re.findall(r'"prev-next-title">(.*?)</p>', path.read_text("utf-8")):
            assert re.search("[぀-ヿ]", title) is None or title.startswith('<span lang="ja">')
    for source in (ROOT / "README.md", ROOT / "book" / "intro.md"):
        assert re.search(r"\[[^\]]*日本語[^\]]*\]\([^)]*ja\.md\)", read(source))
