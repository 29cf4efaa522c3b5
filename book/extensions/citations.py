"""The bibliography as a list that screen readers recognise."""

from docutils import nodes
from docutils.writers.html5_polyglot import HTMLTranslator


def setup(app):
    """Join the build."""
    html = (visit_citation, HTMLTranslator.depart_citation)
    app.add_node(nodes.citation, override=True, html=html)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def visit_citation(translator, node):
    """Open an entry as the item of a list.

    docutils gives it the role doc-biblioentry, which is deprecated: to many screen readers the
    list then has no items.
    """
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<div role="list" class="citation-list">\n')
    translator.body.append(translator.starttag(node, "div", classes=["citation"], role="listitem"))
