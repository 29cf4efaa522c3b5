"""The theme's icons, without the thousands that no page shows: they are half of the first load."""

import importlib.util
import re
from pathlib import Path

# What the templates and scripts of the theme name; a test looks for every icon of every page.
SHOWN = {
    *("angle-left", "angle-right", "arrow-up", "bars", "circle-half-stroke", "circle-info"),
    *("download", "expand", "file", "github", "list", "magnifying-glass", "moon", "outdent"),
    *("rocket", "sun", "triangle-exclamation", "xmark"),
}
# An icon in the theme's script: its name, width, height, other names, code and outlines.
ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|\b(?P<bare>\w+)):\[\d+,\d+,\[[^\]]*\],"[0-9a-f]+",'
    r'(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)


def shown_icons():
    """Return the theme's script of icons with those that pages show alone.

    Returns
    -------
    str
    """
    # Not imported: only its files are read, and with it comes all of Sphinx.
    package = Path(importlib.util.find_spec("pydata_sphinx_theme").origin).parent
    theme = package / "theme" / "pydata_sphinx_theme"
    script = (theme / "static" / "scripts" / "fontawesome.js").read_text(encoding="utf-8")

    def keep(match):
        return match[0] if (match["quoted"] or match["bare"]) in SHOWN else ""

    return ICON.sub(keep, script)
