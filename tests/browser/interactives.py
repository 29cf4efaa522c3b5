"""What the tests of the interactive figures share."""

PLAYGROUND = "book/playground.html"
TABLE = """() => Object.fromEntries([...document.querySelectorAll('.play tbody tr')].map(
    (row) => [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.textContent)]
))"""


def ready(shown):
    """Return the page once its interactive figure stands; nothing must have gone wrong."""
    shown.page.locator(".play[data-ready='true']").wait_for()
    assert not [trouble for trouble in shown.troubles if trouble.startswith(("ex", "fail", "out"))]
    return shown.page


def caption_says(page, text):
    """Wait until the table of the playground is that of an epoch."""
    page.locator(".play caption").filter(has_text=text).wait_for()
