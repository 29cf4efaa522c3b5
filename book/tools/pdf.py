"""Print the built book, all of it, to one PDF with a browser of the Chromium family."""

import argparse
import os
import re
from pathlib import Path

import yaml
from one_page import merge
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

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
    """Print a page twice: the first time tells on which sheet each chapter begins."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            print_once(chromium, page, target, sheets={})
            print_once(chromium, page, target, first_sheets(PdfReader(target)))
        finally:
            chromium.close()


def print_once(chromium, page, target, sheets):
    """Print a page in a tab of its own: what has been printed before would be tagged twice."""
    tab, failures = chromium.new_page(color_scheme="light", offline=True), []
    tab.on("requestfailed", lambda request: failures.append(request.url))
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.goto(page.as_uri(), timeout=PATIENCE)
    tab.emulate_media(media="print")
    wait_until_drawn(tab, failures)
    tab.evaluate(FILL_IN, sheets)
    layout = {"prefer_css_page_size": True, "print_background": True}
    tab.pdf(path=target, outline=True, tagged=True, **layout)
    tab.close()


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
    writer = PdfWriter(path, incremental=True)  # the rest stays as the browser wrote it
    waiting = [writer.root_object["/Outlines"]]
    while waiting:
        entry = waiting.pop().get_object()
        title = entry.get("/Title", "")
        if doubled := re.fullmatch(r"(.{3,})\1(.*)", title):
            once = " ".join(part.strip() for part in doubled.groups() if part)
            entry[NameObject("/Title")] = TextStringObject(once)
        waiting += [entry[name] for name in ("/First", "/Next") if name in entry]
    writer.write(path)


def complete_link(html, words):
    """Write how large the PDF is into the link of the opening page."""
    page = html / "book" / "intro.html"
    text = page.read_text(encoding="utf-8")
    if text.count(SIZE) != 1:
        raise PrintError(f"{page} has {text.count(SIZE)} places for the size of the PDF, not one")
    page.write_text(text.replace(SIZE, words), encoding="utf-8")


if __name__ == "__main__":
    main()
