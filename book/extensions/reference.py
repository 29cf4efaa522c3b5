"""How the reference differs from what autodoc makes of docstrings by itself."""

from docutils import nodes


def setup(app):
    """Join the build."""
    app.connect("autodoc-skip-member", is_field_of_a_tuple)
    app.connect("object-description-transform", keep_quotes_of_types)
    return {"parallel_read_safe": True}


def is_field_of_a_tuple(app, kind, name, member, skip, options):
    """Leave out the fields of a NamedTuple: its docstring says more than "alias for field 0"."""
    return True if type(member).__name__ == "_tuplegetter" else None


def keep_quotes_of_types(app, domain, objtype, content):
    """Leave ``{"mean", "sum"}`` as a reader can copy it, not in typographic quotes."""
    for type_line in content.findall(nodes.classifier):
        type_line["support_smartquotes"] = False
