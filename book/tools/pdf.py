"""Print the built book, all of it, to one PDF with a browser of the Chromium family."""

import argparse
import os
import re
from pathlib import Path

import yaml
from one_page import merge
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, NameObject, NumberObject, TextStringObject

NAME = "direct-feedback-alignment.pdf"
# The opening page has a place for the size of the file, which is not known before.
SIZE = '<span id="pdf-size"></span>'
PATIENCE = 300_000  # milliseconds, for drawing all mathematics


class PrintError(Exception):
    """The book cannot be printed as it should look; the text says why."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="the sources of the pages, with _config.yml")
    parser.add_argument("html", type=Path, help="the built pages; the PDF is written among them")
    parser.add_argument("--browser", required=True, help="its program")
    arguments = parser.parse_args()
    try:
        pages = write_pdf(arguments.source, arguments.html, arguments.browser)
    except PrintError as error:
        parser.exit(1, f"{NAME}: {error}\n")
    size = f"{(arguments.html / NAME).stat().st_size / 1e6:.1f} MB"
    complete_link(arguments.html, f" ({size}, {pages} pages)")
    print(f"{NAME}: {pages} pages, {size}")


def write_pdf(source, html, browser):
    """Print the book; its PDF appears only if it is whole.

    Parameters
    ----------
    source, html : Path
    browser : str

    Returns
    -------
    int
        How many pages it has.

    Raises
    ------
    PrintError
        If something on the pages could not be loaded or drawn.
    """
    config = yaml.safe_load((source / "_config.yml").read_text(encoding="utf-8"))
    page, printed = html / "all_pages.html", html / f"{NAME}.part"
    try:
        page.write_text(merge(html, source / "_toc.yml", config), encoding="utf-8")
        print_page(page.resolve(), printed, browser)
        mend_outline(printed)
        count = len(PdfReader(printed).pages)
        os.replace(printed, html / NAME)
    finally:
        page.unlink(missing_ok=True)
        printed.unlink(missing_ok=True)
    return count


def print_page(page, target, browser):
    """Print a page twice: the first time tells on which sheet each chapter begins.

    The first print has no tags: what has been printed with tags would be tagged twice.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            tab, failures = chromium.new_page(color_scheme="light", offline=True), []
            tab.on("requestfailed", lambda request: failures.append(request.url))
            tab.on("pageerror", lambda error: failures.append(str(error)))
            tab.goto(page.as_uri(), timeout=PATIENCE)
            tab.emulate_media(media="print")
            wait_until_drawn(tab, failures)
            layout = {"prefer_css_page_size": True, "print_background": True}
            tab.pdf(path=target, **layout)
            tab.evaluate(FILL_IN, first_sheets(PdfReader(target)))
            tab.pdf(path=target, outline=True, tagged=True, **layout)
        finally:
            chromium.close()


def wait_until_drawn(tab, failures):
    """Wait for mathematics, pictures and fonts; raise PrintError if one of them is missing."""
    tab.set_default_timeout(PATIENCE)
    tab.wait_for_function("!window.MathJax || MathJax.startup?.promise")
    broken = tab.evaluate(DRAWN)
    if failures or broken:
        raise PrintError("; ".join([*failures, *broken]))


# Returns what is wrong, list of text.
DRAWN = """async () => {
  if (window.MathJax) await MathJax.startup.promise;
  await document.fonts.ready;
  const pictures = [...document.images].filter(i => !(i.complete && i.naturalWidth));
  // An unknown command is drawn in red, all else that is wrong as an error.
  const wrong = 'mjx-merror, mjx-mtext[style*="color: red"]';
  const formulas = [...(window.MathJax?.startup.document.math ?? [])]
    .filter(formula => formula.typesetRoot.querySelector(wrong));
  return [...pictures.map(i => i.src), ...formulas.map(formula => formula.math)];
}"""
FILL_IN = """sheets => {
  for (const number of document.querySelectorAll(".page-number"))
    number.textContent = sheets[number.dataset.of] ?? "";
}"""


def first_sheets(reader):
    """Return the number of the sheet, from 1, on which each target of a link lies, by its id."""
    return {
        name.lstrip("/"): reader.get_destination_page_number(destination) + 1
        for name, destination in reader.named_destinations.items()
    }


def mend_outline(path):
    """Name each heading once: Chromium writes the first line of a page's first one twice."""
    reader = PdfReader(path)
    mended, waiting = [], [reader.root_object["/Outlines"].indirect_reference]
    while waiting:
        reference = waiting.pop()
        entry = reference.get_object()
        title = entry.get("/Title", "")
        if doubled := re.fullmatch(r"(.{3,})\1(.*)", title):
            once = " ".join(part.strip() for part in doubled.groups() if part)
            entry[NameObject("/Title")] = TextStringObject(once)
            mended.append(reference)
        waiting += [entry.raw_get(name) for name in ("/First", "/Next") if name in entry]
    if mended:
        append_objects(path, reader.trailer, mended)


def append_objects(path, trailer, references):
    """Append objects of a PDF as they are now, and where they lie: an incremental update.

    The rest stays as the browser wrote it. A PdfWriter would do the same, but reads and compares
    all objects of the book for it.

    Parameters
    ----------
    path : Path
    trailer : DictionaryObject
        Of the PDF.
    references : list of IndirectObject
        To those that have changed, at least one.
    """
    previous = re.findall(rb"startxref\s+(\d+)\s+%%EOF", path.read_bytes()[-1024:])[-1]
    table = [b"xref\n"]
    with path.open("ab") as file:
        for reference in references:
            file.write(b"\n")
            number, generation = reference.idnum, reference.generation
            table.append(b"%d 1\n%010d %05d n \n" % (number, file.tell(), generation))
            file.write(b"%d %d obj\n" % (number, generation))
            reference.get_object().write_to_stream(file)
            file.write(b"\nendobj\n")
        start = file.tell()
        file.writelines([*table, b"trailer\n"])
        latest = DictionaryObject(trailer)
        latest[NameObject("/Prev")] = NumberObject(previous)
        latest.write_to_stream(file)
        file.write(b"\nstartxref\n%d\n%%%%EOF\n" % start)


def complete_link(html, words):
    """Write how large the PDF is into the link of the opening page."""
    page = html / "book" / "intro.html"
    text = page.read_text(encoding="utf-8")
    if text.count(SIZE) != 1:
        raise PrintError(f"{page} has {text.count(SIZE)} places for the size of the PDF, not one")
    page.write_text(text.replace(SIZE, words), encoding="utf-8")


if __name__ == "__main__":
    main()
