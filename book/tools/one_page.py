"""All pages of the built book as one HTML page, in the order of its contents, for printing."""

import posixpath
import re
from html import escape
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup

# A chapter of a part is one level below the part's title, in the outline of the PDF too.
DEEPER = {f"h{level}": f"h{level + 1}" for level in range(1, 6)}
# What needs a reader's click: anchors beside headings, links to highlighted source.
CLICKED = "a.headerlink, a:has(> .viewcode-link), script, button, template"
# Folded source, in which chapters set themselves up, is left out; folded answers are opened.
FOLDED_SOURCE = "details.hide.above-input, details.hide.below-input"
# Attributes that name ids.
NAMES_IDS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns")


def merge(folder, contents, config):
    """Return the page, made for a file in the folder of all pages.

    Parameters
    ----------
    folder : Path
        Of the built HTML pages.
    contents : Path
        The table of contents, ``_toc.yml``.
    config : dict
        Of ``_config.yml``: the title, the author, and the address of the published site, where
        links lead to that leave the book.

    Returns
    -------
    str
        HTML.
    """
    root, parts = read_contents(contents)
    names = [root, *(name for _, chapters in parts for name in chapters)]
    pages = {name: read_page(folder / f"{name}.html") for name in names}
    for name, page in pages.items():
        adapt(page.select_one("article.bd-article"), name, pages, config["html"]["baseurl"])
    body = [cover(config), table_of_contents(root, parts, pages), chapter(root, pages)]
    for title, (first, *others) in parts:
        heading = f'<h1 class="part">{escape(title)}</h1>'
        body += [chapter(first, pages, heading), *(chapter(name, pages) for name in others)]
    return "\n".join([head(config["title"], pages), *body, "</body></html>"])


def read_contents(path):
    """Return the opening page, and for each part its title and its pages."""
    contents = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = contents.get("parts") or [{"caption": "Chapters", "chapters": contents["chapters"]}]
    return contents["root"], [
        (part["caption"], [chapter["file"] for chapter in part["chapters"]]) for part in parts
    ]


def read_page(path):
    """Return a page, parsed."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def adapt(article, name, pages, address):
    """Make an article a part of the whole, in place: its ids, links, pictures and headings."""
    for element in article.select(f"{CLICKED}, {FOLDED_SOURCE}"):
        element.decompose()
    for still in article.select("noscript"):  # what stands for an interactive part
        still.unwrap()
    for element in article.find_all(True):
        element.name = DEEPER.get(element.name, element.name)
        element.attrs.pop("loading", None)  # what is loaded late would not be printed
        if element.name == "details":
            element["open"] = ""
        if "id" in element.attrs:
            element["id"] = anchor(name, element["id"])
        for attribute in NAMES_IDS:
            if attribute in element.attrs:
                element[attribute] = " ".join(
                    anchor(name, one) for one in element[attribute].split()
                )
        if "src" in element.attrs:
            element["src"] = from_root(name, element["src"])
        if "srcset" in element.attrs:
            sources = (source.split() for source in element["srcset"].split(","))
            element["srcset"] = ", ".join(
                " ".join([from_root(name, url), *density]) for url, *density in sources
            )
        if element.name == "a" and "href" in element.attrs:
            element["href"] = where(name, element["href"], pages, address)


def anchor(name, fragment=""):
    """Return the id, in the whole, of a page or of a place in it."""
    page = re.sub(r"\W", "-", name)
    return f"{page}--{fragment}" if fragment else page


def from_root(name, path):
    """Return the path of a file that a page loads, from the folder of all pages."""
    if urlsplit(path).scheme:
        return path
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def where(name, link, pages, address):
    """Return where a link leads: into the whole, or out of it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link
    target = from_root(name, parts.path) if parts.path else f"{name}.html"
    page = target.removesuffix(".html")
    if page in pages:
        return f"#{anchor(page, parts.fragment)}"
    return address + target + (f"#{parts.fragment}" if parts.fragment else "")


def chapter(name, pages, above=""):
    """Return a page as a chapter."""
    content = pages[name].select_one("article.bd-article").decode_contents()
    return f'<div class="chapter" id="{anchor(name)}">{above}{content}</div>'


def table_of_contents(root, parts, pages):
    """Return the contents; `print` fills in the numbers of the printed pages."""

    def entries(names):
        lines = (
            f'<li><a href="#{anchor(name)}">{title_of(pages[name])}</a>'
            f'<span class="page-number" data-of="{anchor(name)}"></span></li>'
            for name in names
        )
        return f"<ul>{''.join(lines)}</ul>"

    lines = [f"<h2>{escape(title)}</h2>{entries(names)}" for title, names in parts]
    return "\n".join(
        ['<nav class="printed-contents"><h1>Contents</h1>', entries([root]), *lines, "</nav>"]
    )


def title_of(page):
    """Return the title of a page, HTML."""
    return page.select_one("article.bd-article :is(h1, h2)").decode_contents().strip()


def cover(config):
    """Return the first page: title, author, and where the pages are that do more."""
    address = config["html"]["baseurl"]
    return f"""<div class="cover">
<p class="title">{escape(config["title"])}</p>
<p>{escape(config["author"])}</p>
<p>The printed form of <a href="{address}">{address}</a>.
There the figures answer to the pointer, and the folded code is shown with which each chapter
sets itself up.
Text and figures: CC BY 4.0. Code: MIT License.</p>
</div>"""


def head(title, pages):
    """Return the beginning of the page: the style sheets of all pages, MathJax, nothing else."""
    kept = {}
    for name, page in pages.items():
        for element in page.head.select('link[rel="stylesheet"], script'):
            source = element.get("src", "")
            if element.name == "link":
                element["href"] = from_root(name, element["href"])
            elif "mathjax" in source:
                element["src"] = from_root(name, source)
            elif not (element.string or "").startswith("window.MathJax"):
                continue
            kept.setdefault(str(element))
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light">',
            f'<head><meta charset="utf-8"><title>{escape(title)}</title>',
            *kept,
            '<link rel="stylesheet" href="_static/print.css">',
            "</head><body>",
        ]
    )
