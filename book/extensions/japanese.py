"""Say in which language the page in Japanese is, so that it is pronounced and drawn as such."""

from docutils import nodes

PAGE = "book/ja"


def setup(app):
    """Join the build."""
    app.connect("doctree-read", mark_text)
    app.connect("html-page-context", mark_title)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mark_text(app, doctree):
    """Mark the text of the page; docutils turns such a class into the attribute ``lang``."""
    if app.env.docname == PAGE:
        for section in doctree.findall(nodes.section):
            section["classes"].append("language-ja")


def mark_title(app, pagename, templatename, context, doctree):
    """Mark the title, where another page names it as the next or the previous one."""
    uri = app.builder.get_relative_uri(pagename, PAGE)
    for neighbour in (context.get("prev"), context.get("next")):
        if neighbour and neighbour["link"] == uri:
            neighbour["title"] = f'<span lang="ja">{neighbour["title"]}</span>'
