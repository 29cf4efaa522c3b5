"""What the built pages offer around the text: chapter lines, icons, what a shared link shows."""

import gzip
import re

import pytest
import yaml
from conftest import ROOT
from PIL import Image

from dfa_utils.chapter.records import read_records

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
ADDRESS = CONFIG["html"]["baseurl"]
PAGES = ("book/intro.html", "book/theory.html", "notebooks/bp_vs_dfa.html")
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def html(smoke_book):
    """The folder of the built pages."""
    assert smoke_book.status == "0", smoke_book.output
    return smoke_book.html


def read(path):
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_chapter_line_offers_the_notebook(name, html, smoke_book):
    page = html / "notebooks" / f"{name}.html"
    article = read(page).split("<article", 1)[1]
    opening = article.split("</h1>", 1)[1]
    assert re.match(
        r'\s*<p class="lead"[^>]*>[^<]{40,}</p>\s*<div class="[^"]*chapter-line', opening
    )
    line, _, after = opening.split("chapter-line", 1)[1].partition("</div>")

    repository = CONFIG["repository"]
    path = repository["url"].replace("https://github.com", "/github")
    (colab,) = re.findall(r'href="(https://[^"]*)"', line)
    colab_url = CONFIG["launch_buttons"]["colab_url"]
    assert colab == f"{colab_url}{path}/blob/{repository['branch']}/notebooks/{name}.ipynb"

    downloads = re.findall(r'<a class="[^"]*download[^"]*" download="" href="([^"]*)"', line)
    assert len(downloads) == 2
    for link, ending in zip(downloads, (".ipynb", ".py"), strict=True):
        offered = (page.parent / link).resolve()
        assert offered.name == f"{name}{ending}"
        assert offered.read_bytes() == (ROOT / "notebooks" / offered.name).read_bytes()

    (command,) = re.findall(r"papermill (notebooks/\S+)", re.sub(r"<[^>]*>", "", after)[:300])
    assert (ROOT / command).is_file() and command.endswith(f"/{name}.ipynb")

    seconds = read_records(smoke_book.executed / f"{name}.ipynb")["seconds"]
    assert 0 < seconds < 120 and f"{seconds:.0f} s" in line


def test_every_icon_of_every_page_is_in_the_script(html):
    script = read(html / "_static" / "scripts" / "fontawesome.js")
    assert len(script) < 100_000
    named = set()
    for page in html.rglob("*.html"):
        for classes in re.findall(r'<i class="([^"]*)"', read(page)):
            named |= set(re.findall(r"fa-(?!solid|brands|regular|lg)([\w-]+)", classes))
    assert "magnifying-glass" in named
    for name in named:
        assert re.search(rf'[{{,]"?{name}"?:\[\d+,\d+,', script), name


def test_first_load_is_small(html):
    """All that the opening page names, and every font, though a page needs few of them."""
    page = html / "book" / "intro.html"
    links = re.findall(r'(?:src|href)="([^"#?:]+\.(?:css|js|svg|png))[^"]*"', read(page))
    files = {(page.parent / link).resolve() for link in links} | {page}
    assert {"tex-chtml.js", "searchindex.js", "error_paths.svg"} <= {path.name for path in files}
    files |= set(html.rglob("*.woff")) | set(html.rglob("*.woff2"))
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 1_300_000


def test_a_shared_link_shows_the_picture(html):
    picture = html / "_static" / "preview.png"
    with Image.open(picture) as image:
        assert image.size == (1200, 630)
    for path, place in [("index.html", ""), *((page, page) for page in PAGES)]:
        tags = {}
        for tag in re.findall(r"<meta [^>]*>", read(html / path)):
            values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            tags[values.get("property", values.get("name"))] = values.get("content")
        assert tags["og:image"] == f"{ADDRESS}_static/preview.png"
        assert tags["og:url"] == f"{ADDRESS}{place}"
        assert len(tags["og:image:alt"]) > 40 and len(tags["og:description"]) > 40
        assert tags["twitter:card"] == "summary_large_image"


def test_the_root_leads_to_the_first_page(html):
    (target,) = re.findall(r'content="0; url=([^"]*)"', read(html / "index.html"))
    assert (html / target).is_file()
