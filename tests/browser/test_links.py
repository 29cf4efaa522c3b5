"""Where the links of the site lead: to files and anchors that are there."""

import functools
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT

from browser.site_map import CHAPTERS, PAGES

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
PUBLISHED = CONFIG["html"]["baseurl"]
REPOSITORY = CONFIG["repository"]["url"]
OWNER_AND_NAME = urlsplit(REPOSITORY).path
BRANCH = CONFIG["repository"]["branch"]
IN_REPOSITORY = re.compile(
    rf"(?:{re.escape(REPOSITORY)}/(?:blob|tree|edit|raw)"
    rf"|https://colab\.research\.google\.com/github{re.escape(OWNER_AND_NAME)}/blob"
    rf"|https://raw\.githubusercontent\.com{re.escape(OWNER_AND_NAME)})/([^/]+)/([^?#]+)"
)


@functools.cache
def parsed(path):
    """Return a page of the site, read as HTML."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path):
    """Return the anchors of a page."""
    return {tag["id"] for tag in parsed(path)(id=True)} | {
        tag["name"] for tag in parsed(path)("a", {"name": True})
    }


def references(page):
    """Yield every address that a page names: links, pictures, scripts, style sheets, forms."""
    for tag in parsed(page)(["a", "link", "script", "img", "source", "form", "iframe", "video"]):
        for attribute in ("href", "src", "action", "poster"):
            if tag.get(attribute):
                yield tag[attribute]
        for picture in tag.get("srcset", "").split(","):
            if picture.strip():
                yield picture.split()[0]
    for tag in parsed(page)("meta", property=re.compile("^og:(image|url)$")):
        yield tag["content"]
    for tag in parsed(page)("meta", {"http-equiv": re.compile("^refresh$", re.IGNORECASE)}):
        yield tag["content"].partition("url=")[2]


def trouble(site, page, address):
    """Return what is wrong with an address on a page of the site, or None."""
    if address.startswith(("mailto:", "data:", "javascript:")):
        return None
    there = PUBLISHED + page.relative_to(site).as_posix()
    whole, anchor = urldefrag(urljoin(there, address))
    if named := IN_REPOSITORY.match(whole):
        branch, path = named.groups()
        if branch != BRANCH:
            return f"{address}: not on branch {BRANCH}"
        return None if (ROOT / unquote(path)).exists() else f"{address}: not in the repository"
    if not whole.startswith(PUBLISHED):
        return None
    target = site / unquote(urlsplit(whole).path.removeprefix(urlsplit(PUBLISHED).path))
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return f"{address}: no such file"
    if anchor and target.suffix == ".html" and unquote(anchor) not in anchors(target):
        return f"{address}: no such anchor"
    return None


def troubles(site, page):
    """Return what is wrong with the addresses on a page."""
    return list(filter(None, (trouble(site, page, address) for address in references(page))))


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_to_files_and_anchors(path, site_folder):
    page = site_folder / path
    assert len(list(references(page))) > 20
    assert troubles(site_folder, page) == []


def test_no_page_is_overlooked(site_folder):
    """Beside the listed pages: the address of the site, and the sources that viewcode shows."""
    found = {path.relative_to(site_folder).as_posix() for path in site_folder.rglob("*.html")}
    rest = {path for path in found - set(PAGES) if not path.startswith("_static/")}
    assert set(PAGES) <= found
    assert "index.html" in rest
    assert {path for path in rest if not path.startswith("_modules/")} <= {
        "index.html",
        "py-modindex.html",
    }
    for path in rest:
        assert troubles(site_folder, site_folder / path) == [], path


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.startswith("notebooks/")])
def test_a_chapter_is_launched_and_downloaded(path, site_folder):
    """The launch button opens the notebook in Colab; downloads and the repository are at hand."""
    named = set(references(site_folder / path))
    stem = Path(path).stem
    colab = CONFIG["launch_buttons"]["colab_url"] + "/github" + OWNER_AND_NAME
    assert f"{colab}/blob/{BRANCH}/notebooks/{stem}.ipynb" in named
    assert REPOSITORY in named
    assert any(address.endswith(f"{stem}.ipynb") and "://" not in address for address in named)


@pytest.mark.parametrize(
    "address, wrong",
    [
        ("intro.html", None),
        ("nowhere.html", "no such file"),
        ("theory.html#nowhere", "no such anchor"),
        ("#main-content", None),
        (f"{PUBLISHED}book/nowhere.html", "no such file"),
        (f"{REPOSITORY}/blob/{BRANCH}/README.md", None),
        (f"{REPOSITORY}/blob/{BRANCH}/nowhere.md", "not in the repository"),
        (f"{REPOSITORY}/edit/elsewhere/README.md", "not on branch"),
        (
            f"https://colab.research.google.com/github{OWNER_AND_NAME}/blob/{BRANCH}/x.ipynb",
            "not in",
        ),
        ("https://example.org/", None),
    ],
)
def test_a_wrong_address_is_noticed(address, wrong, site_folder):
    found = trouble(site_folder, site_folder / "book" / "intro.html", address)
    assert found is None if wrong is None else wrong in found
