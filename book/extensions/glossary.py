"""The first mention of a term of the glossary, on each page, leads there.

Chapters are notebooks that Colab shows too, which knows no roles: so their text says the plain
words, and the build finds them.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

#: Where no link belongs: in links and code, and in what names or labels something.
ELSEWHERE = (
    addnodes.desc,  # the reference
    nodes.reference,
    nodes.FixedTextElement,
    nodes.literal,
    nodes.math,
    nodes.title,
    nodes.caption,
    nodes.citation,
    nodes.emphasis,  # titles of papers
    nodes.term,
    nodes.raw,
)
PLURAL = {"x": "(?:x|ces)", "y": "(?:y|ies)"}  # matrix, matrices


def setup(app):
    """Join the build."""
    app.add_post_transform(LinkFirstMentions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LinkFirstMentions(SphinxPostTransform):
    """Link the first mention of each term, but where it stands in the glossary itself."""

    # After references are resolved: those that an author wrote are links by then.
    default_priority = 20

    def run(self, **options):
        """Change the page's tree."""
        here, standard = self.env.docname, self.env.get_domain("std")
        places = {
            name: place
            for (kind, name), place in standard.objects.items()
            if kind == "term" and place[0] != here
        }
        said = {node.astext().lower() for node in self.document.findall(is_link_to_a_term)}
        missing = {pattern_of(name): place for name, place in places.items() if name not in said}
        for text in list(self.document.findall(nodes.Text)):
            if missing and is_prose(text):
                self.link(text, missing)

    def link(self, text, missing):
        """Put links into one stretch of text; a term that is found is no longer missing."""
        rest, parts = str(text), []
        while found := first_of(missing, rest):
            match, pattern = found
            docname, label = missing.pop(pattern)
            word = nodes.inline("", match[0])
            link = make_refnode(self.app.builder, self.env.docname, docname, label, word)
            link["classes"].append("to-glossary")
            parts += [nodes.Text(rest[: match.start()]), link]
            rest = rest[match.end() :]
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(rest)])


def pattern_of(name):
    """Return how a term may stand in a sentence, in either number, re.Pattern."""
    *words, last = name.split(" ")
    last = re.escape(last[:-1]) + PLURAL.get(last[-1], re.escape(last[-1]) + "(?:e?s)?")
    return re.compile(
        r"(?<![\w-])" + r"\s".join([*map(re.escape, words), last]) + r"(?![\w-])", re.I
    )


def first_of(patterns, text):
    """Return the first match in a text, of several at one place the longest, and its pattern."""
    found = [(match, pattern) for pattern in patterns if (match := pattern.search(text))]
    return min(found, key=lambda pair: (pair[0].start(), -pair[0].end()), default=None)


def is_link_to_a_term(node):
    """Tell whether an author has linked a term with a role."""
    return isinstance(node, nodes.reference) and "#term-" in node.get("refuri", "")


def is_prose(text):
    """Tell whether a text belongs to a paragraph, and to nothing there that keeps its own form.

    A card is a link as a whole, and the sentence under a title is one thing to read.
    """
    above, inside = text.parent, False
    while above is not None:
        classes = above.get("classes", ())
        if isinstance(above, ELSEWHERE) or {"cell_output", "lead", "sd-card"} & {*classes}:
            return False
        inside = inside or isinstance(above, nodes.paragraph)
        above = above.parent
    return inside
