"""The first mention of a term leads to the glossary, names in code to the reference."""

import importlib
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "book" / "extensions"))
glossary = importlib.import_module("glossary")

PAGES = [path.stem for path in sorted(ROOT.glob("notebooks/*.py"))]


@pytest.fixture(scope="module")
def soup(smoke_book):
    """Return a function that reads a built chapter."""
    return lambda name: BeautifulSoup(
        (smoke_book.html / "notebooks" / f"{name}.html").read_text("utf-8"), "html.parser"
    )


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("epoch", "after each epoch.", "epoch"),
        ("epoch", "Epochs pass", "Epochs"),
        ("feedback matrix", "the feedback matrices are fixed", "feedback matrices"),
        ("fan-in, fan-out", "of fan-in, fan-out", "fan-in, fan-out"),
        ("alignment", "misalignment, re-alignment", None),
        ("seed", "seeded", None),
        ("output error", "the output\nerror", "output\nerror"),
    ],
)
def test_a_term_is_found_as_a_sentence_has_it(term, text, found):
    match = glossary.pattern_of(term).search(text)
    assert (match and match[0]) == found


def test_of_two_terms_at_one_place_the_longer_is_meant():
    patterns = [glossary.pattern_of(name) for name in ("alignment", "alignment angle")]
    assert glossary.first_of(patterns, "The alignment angle falls.")[0][0] == "alignment angle"


@pytest.mark.parametrize("kind", glossary.ELSEWHERE)
def test_no_link_stands_in_links_code_and_names(kind):
    holder = nodes.paragraph()
    inner = kind()
    holder += inner
    inner += nodes.Text("epoch")
    assert not glossary.is_prose(inner[0])
    inner.replace_self(nodes.Text("epoch"))
    assert glossary.is_prose(holder[0])


@pytest.mark.parametrize("kind", ["lead", "sd-card", "cell_output"])
def test_no_link_stands_in_a_card_an_output_and_the_sentence_under_a_title(kind):
    holder = nodes.container(classes=[kind])
    holder += nodes.paragraph("", "epoch")
    assert not glossary.is_prose(holder[0][0])
    holder["classes"] = []
    assert glossary.is_prose(holder[0][0])


@pytest.mark.parametrize("page", PAGES)
def test_each_term_is_linked_once_in_a_chapter_and_leads_to_its_entry(page, soup, smoke_book):
    links = soup(page).select("article a.to-glossary")
    targets = [link["href"] for link in links]
    assert targets
    assert len(set(targets)) == len(targets)
    entries = (smoke_book.html / "book" / "notation.html").read_text("utf-8")
    for target in targets:
        place, _, label = target.partition("#")
        assert place == "../book/notation.html"
        assert f'id="{label}"' in entries


@pytest.mark.parametrize("page", PAGES)
def test_names_in_the_code_of_a_chapter_lead_to_the_reference(page, soup, smoke_book):
    links = soup(page).select("div.cell_input a.sphinx-codeautolink-a")
    assert {"Chapter", "provenance"} <= {link.get_text().rpartition(".")[2] for link in links}
    for target in {link["href"] for link in links}:
        place, _, label = target.partition("#")
        entry = (smoke_book.html / "notebooks" / place).resolve().read_text("utf-8")
        assert re.search(f'id="{re.escape(label)}"', entry), target


@pytest.mark.parametrize("page", PAGES)
def test_every_chapter_has_a_way_to_its_readers_questions(page, soup):
    chapter = soup(page)
    (link,) = (a for a in chapter.select(".discuss a") if "new" in a["href"])
    asked = parse_qs(urlsplit(link["href"]).query)
    assert asked["category"] == ["q-a"]
    assert asked["title"] == [chapter.select_one("article h1").find(string=True).strip()]
