"""The picture that shows the book where a link to it is shared, and the page at its root."""

import html

import matplotlib
from diagrams import HEIGHT, INK, TYPOGRAPHY, WIDTH, add_error_paths
from matplotlib.figure import Figure

from dfa_utils.figures import RULE_LOOKS

SIZE = (1200, 630)  # pixels, what the services that show previews ask for
POINTS = (840, 441)  # the same in the unit of the drawing
WORDS = ("Direct", "Feedback", "Alignment")
DESCRIPTION = (
    "A deep network learns from errors sent straight to every layer, through random numbers"
)

# The root is a page of its own, as its address is the one that people share.
ROOT_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={first_page}.html">
<link rel="canonical" href="{address}">
<meta name="description" content="{description}">
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<meta property="og:url" content="{address}">
<meta property="og:image" content="{image}">
<meta property="og:image:alt" content="{image_alt}">
<meta name="twitter:card" content="summary_large_image">
</head>
<body><p><a href="{first_page}.html">{title}</a></p></body>
</html>
"""


def draw_preview(path):
    """Draw the title of the book beside the three error paths.

    Parameters
    ----------
    path : str or path-like
        The PNG file to write, 1200 pixels by 630.
    """
    width, height = POINTS
    with matplotlib.rc_context(TYPOGRAPHY):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72 * SIZE[0] / width)
        right, bottom = width - WIDTH - 18, (height - HEIGHT) / 2
        place = (right / width, bottom / height, WIDTH / width, HEIGHT / height)
        add_error_paths(figure, place)
        for line, word in enumerate(WORDS):
            colour = RULE_LOOKS["DFA"].colour if line == 0 else INK
            _write(figure, 330 - 50 * line, word, size=42, weight="bold", color=colour)
        _write(figure, 165, "by running it", size=27, color=INK)
        _write(figure, 112, "A deep network learns from", size=15, color=INK)
        _write(figure, 90, "errors sent straight to every", size=15, color=INK)
        _write(figure, 68, "layer, through random numbers.", size=15, color=INK)
        # Without the version of Matplotlib, the same drawing is the same file.
        figure.savefig(path, metadata={"Software": None})


def _write(figure, y, text, **font):
    """Write a line of the left column; lengths are in points."""
    figure.text(32 / POINTS[0], y / POINTS[1], text, **font)


def root_page(config, first_page):
    """Return the page at the root of the site: it leads to the first one and names the picture.

    Parameters
    ----------
    config : dict
        What ``_config.yml`` holds.
    first_page : str
        Its path without an ending.

    Returns
    -------
    str
    """
    settings = config["sphinx"]["config"]
    address = config["html"]["baseurl"]
    fields = {
        "title": config["title"],
        "first_page": first_page,
        "address": address,
        "description": DESCRIPTION,
        "image": address + settings["ogp_image"],
        "image_alt": settings["ogp_image_alt"],
    }
    return ROOT_PAGE.format_map({name: html.escape(text) for name, text in fields.items()})
