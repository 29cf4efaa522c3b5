"""The prose pages: no typed results, and nothing that points to what is not there."""

import importlib
import re
import sys
from pathlib import Path

import jinja2
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import book_tool
from jinja2 import nodes
from pybtex.database import parse_file

import dfa_utils
from benchmarks.headlines import headline_numbers
from benchmarks.pictures import FIGURES
from dfa_utils.chapter.records import read_records
from dfa_utils.chapter.stored import load_results

sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "extensions"))
measured = importlib.import_module("measured")
contents, paper_table = book_tool("contents"), book_tool("paper_table")

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("book/*.md"), *ROOT.glob("book/api/*.md")])
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.py"))
TEXTS = [*PAGES, *(ROOT / name for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md"))]

SUBSTITUTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
ROLE = re.compile(r"\{(num|pm)\}`([^`]*)`")
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
    return TYPED_RESULT.findall(CODE.sub("", SUBSTITUTION.sub("", ROLE.sub("", text))))


def used_records(text):
    """Return the records that substitutions and roles use, as pairs (notebook, record)."""
    found = set()
    for expression in SUBSTITUTION.findall(text):
        tree = jinja2.Environment().parse("{{" + expression + "}}")
        accesses = list(tree.find_all(nodes.Getattr))
        found |= {(access.node.name, access.attr) for access in accesses}
        assert len(list(tree.find_all(nodes.Name))) == len(accesses), expression
    for role, shown in ROLE.findall(text):
        path = shown.partition(" ")[0]
        paths = [path] if role == "num" else [path, measured.deviation_of(path)]
        for one in paths:
            notebook, name, curve, _ = measured.PATH.fullmatch(one).groups(default="")
            found.add((notebook, name + curve))
    return found


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


def recorded(smoke_book):
    """Return what the notebooks of the built book have recorded, by notebook and name."""
    assert smoke_book.status == "0", smoke_book.output
    return {path.stem: read_records(path) for path in smoke_book.executed.glob("*.ipynb")}


def test_used_records_are_there(smoke_book):
    there = {(stem, name) for stem, records in recorded(smoke_book).items() for name in records}
    there |= {("benchmark", name) for name in headline_numbers(load_results("benchmark"))}
    there |= {("soak", name) for name in load_results("soak")}
    there |= {("paper_table", name) for name in paper_table.table_numbers()}
    there |= {("site", name) for name in ("pdf", "colab", "seconds", "records", "rooms")}
    there |= {("site", name) for name in ("status", "gpu", "versions", "parameters")}
    used = {pair for page in PAGES for pair in used_records(read(page))}
    assert used <= there


def test_results_page_shows_every_number_of_every_notebook(smoke_book):
    page = BeautifulSoup(read(smoke_book.html / "book" / "results.html"), "html.parser")
    section = page.select_one("#every-number")
    for notebook in contents.notebooks(ROOT):
        records = recorded(smoke_book)[notebook.name]
        names = {name for name in records if contents.is_headline(name, records[name])}
        if not names:  # all that it has recorded is nested
            continue
        heading = section.select_one(f'strong a[href$="/{notebook.name}.html"]')
        table = heading.find_parent("p").find_next("table")
        shown = {row.code.text: row.find_all("td")[1].text for row in table.tbody.find_all("tr")}
        deviations = {name for name in names if name.removesuffix("_std") in names - {name}}
        assert set(shown) == names - deviations
        for name in deviations:
            assert shown[name.removesuffix("_std")].count("±") == 1
    seconds = page.select_one("#time table")
    assert len(seconds.tbody.find_all("tr")) == len(NOTEBOOKS)


def test_substitutions_and_roles_are_read_as_the_build_reads_them():
    assert used_records("{{ a.b | length }} and {{ c.d }}") == {("a", "b"), ("c", "d")}
    with pytest.raises(AssertionError, match="whole"):
        used_records("{{ whole }}")
    roles = "{num}`a.b`, {pm}`a.c %.1f` and {pm}`a.d_curve[-1][0]`"
    names = ("b", "c", "c_std", "d_curve", "d_std_curve")
    assert used_records(roles) == {("a", name) for name in names}


RECORDS = {"a": {"b": 1.234, "b_std": 0.126, "c": 2, "c_std": None, "d_curve": [[1], [2.5]]}}
RECORDS["a"]["d_std_curve"] = [[None], [0.25]]
RECORDS["some"] = {
    "long_name": 1.0,
    "long_name_std": 0.25,
    "long_curve": [1.0],
    "long_std_curve": [0.25],
    "wide": 4.0,
    "wide_std": 2.0,
    "wide_per_seed": [3.0, 2.0, 7.0],
    "wide_curve": [[5.0, 9.0]],
    "wide_std_curve": [[0.1, 9.1]],
    "wide_seeds_curve": [[[5.0, 5.0], [0.0, 18.0]]],
    "bare": 1.0,
    "bare_std": 0.5,
}


@pytest.mark.parametrize(
    ("show", "path", "form", "text"),
    [
        (measured.one_number, "a.b", "%.2f", "1.23"),
        (measured.one_number, "a.b", "%.0f", "1"),
        (measured.one_number, "a.c_std", "%.2f", "n/a"),
        (measured.one_number, "a.d_curve[-1][0]", "%.1f", "2.5"),
        (measured.with_deviation, "a.b", "%.2f", "1.23\xa0±\xa00.13"),
        (measured.with_deviation, "a.c", "%.1f", "2.0\xa0±\xa0n/a"),
        (measured.with_deviation, "some.long_name", "%.1f", "1.0\xa0±\xa00.2"),
        (measured.with_deviation, "some.long_curve[0]", "%.2f", "1.00\xa0±\xa00.25"),
        (
            measured.with_deviation,
            "some.wide",
            "%.1f",
            "4.0\xa0±\xa02.0 (seeds 3.0, 2.0, 7.0; median 3.0)",
        ),
        (measured.with_deviation, "some.wide_curve[0][0]", "%.1f", "5.0\xa0±\xa00.1"),
        (
            measured.with_deviation,
            "some.wide_curve[0][1]",
            "%.0f",
            "9\xa0±\xa09 (seeds 0, 18; median 9)",
        ),
        (measured.with_deviation, "a.d_curve[1][0]", "%.2f", "2.50\xa0±\xa00.25"),
    ],
)
def test_a_number_is_shown_with_what_is_recorded_beside_it(show, path, form, text):
    assert show(RECORDS, path, form) == text


def test_a_stored_run_is_shown_by_the_values_of_its_seeds():
    left = load_results("two_tasks/mnist")["dfa_left_curve"][0][-1]
    text = f"{np.mean(left):.1f}\xa0±\xa0{np.std(left, ddof=1):.1f}"
    assert measured.of_stored_run({}, "two_tasks/mnist:dfa_left_curve/0/-1", "%.1f") == text
    path = "bottleneck/mnist:ends/narrow/FA/3/test_error"
    assert "; median " in measured.of_stored_run({}, path, "%.2f")
    for path in ("two_tasks/mnist:x/0", "two_tasks/mnist:dfa_left_curve/9", "two_tasks", "x:y"):
        with pytest.raises((LookupError, TypeError, ValueError)):
            measured.of_stored_run({}, path, "%.2f")


def test_what_the_results_show_of_stored_runs_is_there():
    shown = re.findall(r"\{stored\}`(.+?)`", read(ROOT / "book" / "results.md"))
    assert shown
    for path in shown:
        assert "±" in measured.of_stored_run({}, path.partition(" %")[0], "%.2f"), path


def test_a_wide_spread_is_an_error_without_its_seeds():
    with pytest.raises(LookupError, match="bare_per_seed"):
        measured.with_deviation(RECORDS, "some.bare", "%.2f")


def test_the_list_of_all_numbers_shows_the_seeds_of_a_wide_spread():
    assert contents.in_words(RECORDS["some"], "wide") == (
        "4.00&nbsp;±&nbsp;2.00 (seeds 3.00, 2.00, 7.00; median 3.00)"
    )
    assert contents.in_words(RECORDS["some"], "long_name") == "1.00&nbsp;±&nbsp;0.25"
    assert contents.in_words({"bp_rate": 0.001}, "bp_rate") == "0.001"


def test_the_list_of_all_numbers_has_nothing_nested():
    one = contents.Notebook("one", "ONE", "")
    records = {"a": 1.5, "b": {"c": [1.0]}, "d": [2.0], "holds_e": True, "f_curve": [1.0]}
    rows = contents.record_tables([one], {"one": records}).splitlines()[4:]
    assert rows == ["| `a` | 1.50 |", "| `holds_e` | True |"]
    assert contents.record_tables([one], {"one": {"b": {}}}) == ""


@pytest.mark.parametrize("path", ["a.x", "x.b", "b", "a.d_curve[7]", "a.b c", ""])
def test_a_number_that_is_not_there_is_an_error(path):
    with pytest.raises(LookupError):
        measured.with_deviation(RECORDS, path, "%.2f")


def test_lists_of_chapters_are_those_of_the_contents():
    """In the README, which `make sync` writes; nowhere else is a list written by hand."""
    readme, config = read(ROOT / "README.md"), yaml.safe_load(read(ROOT / "_config.yml"))
    chapters = contents.notebooks(ROOT)
    assert [one.name for one in chapters] == re.findall(
        r"file: notebooks/(\w+)", read(ROOT / "_toc.yml")
    )
    assert contents.with_chapters(readme, chapters, config) == readme, "run: make sync"
    for page in PAGES:
        listed = set(re.findall(r"/blob/\w+/notebooks/(\w+)\.ipynb", read(page)))
        assert len(listed) <= 1, page


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
        drawn = Path(picture).name in (
            *FIGURES,
            "playground.svg",
            "house.svg",
        )  # when the book is built
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
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    commands = re.findall(r"(?:`|^)make (?:-j2 )?([a-z-]+)", read(text), re.MULTILINE)
    assert set(commands) <= targets


def test_citation_file_is_complete_and_of_this_version():
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert all(author.keys() & {"name", "family-names"} for author in citation["authors"])
    assert citation["version"] == dfa_utils.__version__
    assert citation["version"] in read(ROOT / "CHANGELOG.md")


def test_addresses_of_the_repository_agree(smoke_book):
    config = yaml.safe_load(read(ROOT / "_config.yml"))
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    assert citation["repository-code"] == config["repository"]["url"]
    everywhere = {contents.colab_address(path.stem, config) for path in NOTEBOOKS}
    pages = [smoke_book.html / "book" / f"{name}.html" for name in ("running", "ja")]
    for path in (ROOT / "README.md", *pages):
        found = re.findall(r"https://colab\.[^)\s\"]+\.ipynb", read(path))
        assert set(found) == everywhere


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
