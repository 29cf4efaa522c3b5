"""The book as one PDF: whole, readable, with an outline and links; or none at all."""

import re
import unicodedata

import pypdfium2
import pytest
import yaml
from browser.visit import find_chromium
from bs4 import BeautifulSoup
from conftest import ROOT, Book, book_tool, copy_tree
from pypdf import PdfReader, PdfWriter

needs_browser = pytest.mark.skipif(
    find_chromium() is None, reason="no browser of the Chromium family is installed"
)
NAME = "direct-feedback-alignment.pdf"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [CONTENTS["root"]]
CHAPTERS += [chapter["file"] for part in CONTENTS["parts"] for chapter in part["chapters"]]


@pytest.fixture(scope="module")
def pdf(smoke_book):
    """The printed book."""
    return PdfReader(smoke_book.html / NAME)


@pytest.fixture(scope="module")
def texts(smoke_book):
    """The text of each of its pages, by what Chromium reads PDFs with: pypdf takes a minute."""
    with pypdfium2.PdfDocument(smoke_book.html / NAME) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


@pytest.fixture(scope="module")
def titles(smoke_book):
    """The title of each chapter's built page, as `squeezed` leaves it."""
    return {chapter: squeezed(title_of(smoke_book, chapter)) for chapter in CHAPTERS}


def squeezed(text):
    """Return a text without spaces, and with ligatures, radicals and quotes as they are typed."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).replace("’", "'"))


def title_of(smoke_book, chapter):
    """Return the title of a built page."""
    html = (smoke_book.html / f"{chapter}.html").read_text("utf-8")
    heading = re.search(r"<h1>.*?</h1>", html[html.index("<article") :], re.DOTALL)[0]
    heading = BeautifulSoup(heading, "html.parser")  # whole pages take it seconds
    heading.select_one(".headerlink").decompose()
    return heading.get_text().strip()


def flat(outline):
    """Return all entries of an outline with their depth."""
    found = []
    for entry in outline:
        if isinstance(entry, list):
            found += [(depth + 1, inner) for depth, inner in flat(entry)]
        else:
            found.append((0, entry))
    return found


@needs_browser
def test_opening_page_links_to_it_and_says_how_large_it_is(smoke_book, pdf):
    assert smoke_book.status == "0", smoke_book.output
    page = (smoke_book.html / "book" / "intro.html").read_text("utf-8")
    link = rf'<a href="\.\./{NAME}">one PDF</a> \(([\d.]+) MB, (\d+) pages\)'
    (size, pages) = re.search(link, page).groups()
    assert int(pages) == len(pdf.pages)
    assert abs(float(size) - (smoke_book.html / NAME).stat().st_size / 1e6) <= 0.06
    assert float(size) < 25
    assert not list(smoke_book.html.glob("*.part")) + list(smoke_book.html.glob("all_pages*"))


@needs_browser
def test_every_chapter_begins_on_the_page_that_the_contents_say(titles, pdf, texts):
    opening = squeezed_lines(pdf.pages[1].extract_text())  # pypdf keeps the spaces of captions
    first = int(re.search(re.escape(titles[CHAPTERS[0]]) + r"(\d+?)(?=\D|$)", opening)[1])
    before = pdf.pages[1 : first - 1]  # all pages up to the first chapter
    contents = "\n".join(page.extract_text() for page in before)
    assert contents.splitlines()[1] == "Contents"  # below it, on paper, the number of the page
    for part in CONTENTS["parts"]:
        assert part["caption"] in contents
    for title in titles.values():
        number = re.search(re.escape(title) + r"(\d+?)(?=\D|$)", squeezed_lines(contents))[1]
        assert title in squeezed(texts[int(number) - 1]), (title, number)
        assert texts[int(number) - 1].splitlines()[0].strip() == number


def squeezed_lines(text):
    """Return a text whose lines alone stay apart."""
    return "\n".join(map(squeezed, text.splitlines()))


@needs_browser
def test_outline_has_parts_chapters_and_sections(titles, pdf):
    entries = flat(pdf.outline)
    found = {(depth, squeezed(entry.title)) for depth, entry in entries}
    for part in CONTENTS["parts"]:
        assert (0, squeezed(part["caption"])) in found
    for title in titles.values():
        assert {(depth, title) for depth in (0, 1)} & found
    assert len(entries) > 4 * len(CHAPTERS)
    doubled = [t for _, t in found if len(t) > 4 and t[: len(t) // 2] == t[len(t) // 2 :]]
    assert doubled == []


@needs_browser
def test_every_heading_is_tagged_once(smoke_book):
    """A reader's software finds the headings of the pages in it, no more and no fewer."""
    source = smoke_book.html.parent / "source"
    config = yaml.safe_load((source / "_config.yml").read_text("utf-8"))
    merged = book_tool("pdf").merge(smoke_book.html, source / "_toc.yml", config)
    printed = (smoke_book.html / NAME).read_bytes()
    for level in range(1, 7):
        tags = re.findall(rb"/S /H%d\b" % level, printed)
        assert len(tags) == len(re.findall(rf"<h{level}\b", merged)), level
    assert b"/S /H3" in printed


@needs_browser
def test_no_page_is_blank_and_no_formula_is_left_as_source(pdf, texts):
    assert len(texts) > 60
    for number, (page, text) in enumerate(zip(pdf.pages, texts, strict=True), start=1):
        assert len(text.strip()) > 60 or page.images or number == 1, number
        assert not re.search(r"\\\(|\\\[|\$\$|\\(?:frac|mathsf|delta|odot|begin)\b", text), number
    whole = "".join(texts)
    assert "δ" in whole and "⊙" in whole  # drawn, and still to be found and copied
    assert "追実験" in whole
    assert "[source]" not in whole and "Show code cell source" not in whole


@needs_browser
def test_fonts_come_with_it(pdf):
    fonts = {}
    for page in pdf.pages:
        for name, font in page["/Resources"].get("/Font", {}).items():
            fonts[name] = font.get_object()
    assert fonts
    for font in fonts.values():
        if font["/Subtype"] == "/Type3":  # whose letters are drawings of its own
            continue
        (inner,) = font.get("/DescendantFonts", [font])
        descriptor = inner.get_object()["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]


@needs_browser
def test_links_lead_into_the_book_or_to_an_address(pdf):
    destinations = set(pdf.named_destinations)
    inside, outside = set(), set()
    for page in pdf.pages:
        for annotation in page.get("/Annots", ()):
            annotation = annotation.get_object()
            if annotation.get("/Subtype") != "/Link":
                continue
            if "/A" in annotation and "/URI" in annotation["/A"]:
                outside.add(str(annotation["/A"]["/URI"]))
            else:
                inside.add(str(annotation.get("/Dest", annotation.get("/A", {}).get("/D"))))
    assert len(inside) > 50 and inside <= destinations
    assert all(re.match("https://|mailto:", address) for address in outside), outside
    catalogue = pdf.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] and catalogue["/Lang"] == "en"


def test_what_needs_a_pointer_is_left_out_and_links_stay_inside():
    merge = book_tool("one_page")
    html = """<article class="bd-article"><section id="a"><h1>A<a class="headerlink">#</a></h1>
    <a href="b.html#c">1</a> <a href="#a">2</a> <a href="../x/data.csv">3</a>
    <a href="https://x.org/">4</a>
    <a href="../_modules/m.html#f"><span class="viewcode-link">source</span></a>
    <img src="../_images/p.png" srcset="../_images/p.png, ../_images/q.png 2x" loading="lazy">
    <noscript><img src="../_images/still.png"></noscript><script>move()</script>
    <details class="admonition hide above-input"><pre>import x</pre></details>
    <details><summary>Answer</summary>Yes</details></section></article>"""
    page = BeautifulSoup(html, "html.parser")
    pages = {"book/a": page, "book/b": page}
    merge.adapt(page.article, "book/a", pages, "https://site.org/")
    links = [a["href"] for a in page.select("a")]
    assert links == ["#book-b--c", "#book-a--a", "https://site.org/x/data.csv", "https://x.org/"]
    assert page.section["id"] == "book-a--a" and page.h2.get_text() == "A"
    assert [image["src"] for image in page.select("img")] == ["_images/p.png", "_images/still.png"]
    assert page.img["srcset"] == "_images/p.png, _images/q.png 2x" and not page.img.get("loading")
    assert not page.select("script, noscript, pre")
    assert "open" in page.details.attrs


def test_what_is_mended_in_the_outline_is_all_that_changes(tmp_path):
    mend = book_tool("pdf").mend_outline
    path, writer = tmp_path / "doubled.pdf", PdfWriter()
    for _ in range(3):
        writer.add_blank_page(100, 100)
    part = writer.add_outline_item(title="Look inLook in", page_number=0)
    doubled = "素子の追実験素子の追実験 その二"
    writer.add_outline_item(title=doubled, page_number=1, parent=part)
    writer.add_outline_item(title="Once", page_number=2, parent=part)
    writer.write(path)
    before = path.read_bytes()
    mend(path)
    assert path.read_bytes().startswith(before)
    titles = [(0, "Look in"), (1, "素子の追実験 その二"), (1, "Once")]
    mended = PdfReader(path)
    entries = [(depth, entry.title) for depth, entry in flat(mended.outline)]
    pages = [mended.get_destination_page_number(entry) for _, entry in flat(mended.outline)]
    assert (entries, pages, len(mended.pages)) == (titles, [0, 1, 2], 3)
    with pypdfium2.PdfDocument(path) as document:  # another reader sees the same
        seen = [(entry.level, entry.get_title()) for entry in document.get_toc()]
    assert seen == titles

    before = path.read_bytes()
    mend(path)
    assert path.read_bytes() == before  # there is nothing more to mend


@pytest.fixture
def one_page_book(tmp_path):
    """A book of one page without notebooks, not yet built."""
    book = Book(copy_tree(tmp_path / "tree"))
    for path in [*book.root.glob("notebooks/*.*"), *book.root.glob("book/**/*.md")]:
        if path.is_file():
            path.unlink()
    (book.root / "book" / "references.bib").write_text("")
    (book.root / "book" / "intro.md").write_text("# A page\n\n$x^2$\n\n{{ site.pdf }}\n")
    (book.root / "_toc.yml").write_text(
        "{format: jb-book, root: book/intro,"
        " parts: [{caption: A part, chapters: [{file: book/b}]}]}"
    )
    (book.root / "book" / "b.md").write_text("# A chapter\n\nText.\n")
    return book


def test_without_a_browser_there_is_neither_pdf_nor_link(one_page_book):
    status, output = one_page_book.make("book")
    assert status == 0, output
    assert not (one_page_book.html / NAME).exists()
    assert "one PDF" not in (one_page_book.html / "book" / "intro.html").read_text("utf-8")


@needs_browser
def test_a_book_that_cannot_be_printed_is_never_published(one_page_book):
    one_page_book.settings = ()
    status, output = one_page_book.make("book")
    assert status == 0, output
    before = (one_page_book.html / NAME).read_bytes()
    assert len(PdfReader(one_page_book.html / NAME).pages) == 4
    assert "pdf.py" not in one_page_book.make("book")[1]

    (one_page_book.root / "book" / "intro.md").write_text("# Another page\n\n{{ site.pdf }}\n")
    one_page_book.settings = ("CHROMIUM=/bin/false",)
    status, output = one_page_book.make("book")
    assert status != 0 and "The book is ready" not in output
    assert (one_page_book.html / NAME).read_bytes() == before
    assert "Another page" not in (one_page_book.html / "book" / "intro.html").read_text("utf-8")


@needs_browser
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('<img src="absent.png" alt="absent">', "absent.png"),
        (r'<span class="math">\(\nonsense\)</span>', "nonsense"),
        (r'<span class="math">\(x^2^3\)</span>', r"x\^2\^3"),
        (r'<span class="math">\(x^2\)</span>', None),
    ],
)
def test_what_cannot_be_loaded_or_drawn_is_named(smoke_book, tmp_path, content, complaint):
    html, source = tmp_path / "html", tmp_path / "source"
    (html / "book").mkdir(parents=True)
    (html / "_static").symlink_to(smoke_book.html / "_static")
    head = '<head><script src="../_static/mathjax/tex-chtml.js"></script></head>'
    for name in ("intro", "b"):
        article = f'<article class="bd-article"><h1>{name}</h1>{content}</article>'
        (html / "book" / f"{name}.html").write_text(f"<html>{head}<body>{article}</body></html>")
    source.mkdir()
    contents = {"root": "book/intro", "parts": [{"caption": "P", "chapters": [{"file": "book/b"}]}]}
    (source / "_toc.yml").write_text(yaml.safe_dump(contents))
    config = {"title": "T", "author": "A", "html": {"baseurl": "https://site.org/"}}
    (source / "_config.yml").write_text(yaml.safe_dump(config))
    browser = find_chromium()
    pdf = book_tool("pdf")
    if complaint is None:
        assert pdf.write_pdf(source, html, browser) == 4
        assert "x" in PdfReader(html / NAME).pages[3].extract_text()
    else:
        with pytest.raises(pdf.PrintError, match=complaint):
            pdf.write_pdf(source, html, browser)
        assert sorted(path.name for path in html.iterdir()) == ["_static", "book"]
