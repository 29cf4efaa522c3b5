"""The rooms of the package and what each imports: a picture and a table, from the code itself.

A **room** is a module at the top of ``dfa_utils`` or one of its folders. An arrow leads from a room
to one that it imports from; arrows that follow from others are left out.
"""

import ast
from functools import cache
from itertools import pairwise
from pathlib import Path

import matplotlib
from diagrams import FILL, FORWARD, INK, TYPOGRAPHY
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve

PACKAGE = Path(__file__).resolve().parents[2] / "dfa_utils"

# Lengths are in points. On a phone, 350 pixels wide, the letters have 10 of them.
WIDTH, ROW, BOX = 370, 74, 27
LETTERS = 10.5
LETTER_WIDTH, MARGIN = 5.8, 14  # of a letter on average, and of a box around its name
LINE = 10  # of a line that passes a row
SWEEPS = 20  # over the rows, to find an order in which few arrows cross


def rooms(package=PACKAGE):
    """Return what each room imports from others.

    Parameters
    ----------
    package : Path

    Returns
    -------
    dict of str to set of str
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        room = path.relative_to(package).with_suffix("").parts[0]
        if not room.startswith("_"):
            imported = found.setdefault(room, set())
            imported |= imports_of(ast.parse(path.read_text(encoding="utf-8")), package.name)
    return {room: (imported & set(found)) - {room} for room, imported in found.items()}


def imports_of(tree, package):
    """Return the names below a package from which a module imports, wherever it does so."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith(f"{package}.")}


def levels_of(imports):
    """Return the height of each room: above all that it imports.

    Parameters
    ----------
    imports : dict of str to set of str

    Returns
    -------
    dict of str to int

    Raises
    ------
    ValueError
        If rooms import one another in a circle.
    """
    pending, levels = dict(imports), {}
    while pending:
        ready = [room for room, needs in pending.items() if needs <= set(levels)]
        if not ready:
            raise ValueError(f"these rooms import one another: {', '.join(sorted(pending))}")
        for room in ready:
            levels[room] = max((levels[need] + 1 for need in pending[room]), default=0)
        for room in ready:
            del pending[room]
    return levels


def without_detours(imports):
    """Return the imports without those that follow from the others."""

    @cache
    def reached(room):
        return frozenset(imports[room]).union(*map(reached, imports[room]))

    return {
        room: {need for need in needs if not any(need in reached(o) for o in needs - {need})}
        for room, needs in imports.items()
    }


def draw_house(imports):
    """Draw the rooms in rows, each above all that it imports.

    Parameters
    ----------
    imports : dict of str to set of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    levels = levels_of(imports)
    ways = {}  # from a room to another, through a place in each row between
    for room, needs in sorted(without_detours(imports).items()):
        for need in sorted(needs):
            between = [(room, need, row) for row in range(levels[room] - 1, levels[need], -1)]
            ways[room, need] = [room, *between, need]
    rows = [[] for _ in range(max(levels.values()) + 1)]
    for room in sorted(levels):
        rows[levels[room]].append(room)
    for way in ways.values():
        for place in way[1:-1]:
            rows[place[2]].append(place)
    order(rows, [pair for way in ways.values() for pair in pairwise(way)])

    height = len(rows) * ROW - (ROW - BOX) + 4
    with matplotlib.rc_context(TYPOGRAPHY):
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
        axes.set_axis_off()
        centres = {}
        for row, places in enumerate(rows):
            for place, x in zip(places, spread([width_of(p) for p in places]), strict=True):
                centres[place] = (x, 2 + BOX / 2 + row * ROW)
        for way in ways.values():
            draw_way(axes, [centres[place] for place in way])
        for room in levels:
            is_folder = (PACKAGE / room).is_dir()
            draw_room(axes, room, centres[room], is_folder)
    return figure


def width_of(place):
    """Return how much room a place in a row takes: a box, or a line that passes."""
    return MARGIN + LETTER_WIDTH * len(place) if isinstance(place, str) else LINE


def spread(widths):
    """Return the middles of the places of a row, spread over the width of the picture."""
    free = (WIDTH - 4 - sum(widths)) / (len(widths) + 1)
    middles, left = [], 2 + free
    for width in widths:
        middles.append(left + width / 2)
        left += width + free
    return middles


def order(rows, links):
    """Order the places of each row so that links between neighbouring rows cross little."""
    neighbours = {}
    for upper, lower in links:
        neighbours.setdefault(upper, []).append(lower)
        neighbours.setdefault(lower, []).append(upper)

    def middles():
        return {
            place: middle
            for places in rows
            for place, middle in zip(places, spread([width_of(p) for p in places]), strict=True)
        }

    for sweep in range(SWEEPS):
        for places in rows if sweep % 2 else rows[::-1]:
            found = middles()

            def wish(place, found=found):
                near = [found[other] for other in neighbours.get(place, ())]
                return sum(near) / len(near) if near else found[place]

            places.sort(key=lambda place: (wish(place), str(place)))


def draw_way(axes, points):
    """Draw a curve through points, from one row to the next, with an arrow at its end."""
    vertices, codes = [], []
    points = [(x, y - BOX / 2 if n == 0 else y) for n, (x, y) in enumerate(points)]
    points[-1] = (points[-1][0], points[-1][1] + BOX / 2 + 5)
    for n, (x, y) in enumerate(points):
        if n == 0:
            vertices, codes = [(x, y)], [Curve.MOVETO]
            continue
        before, above = points[n - 1]
        middle = (above + y) / 2
        vertices += [(before, middle), (x, middle), (x, y)]
        codes += [Curve.CURVE4] * 3
    line = {"edgecolor": FORWARD, "linewidth": 1.2, "zorder": 1}
    axes.add_patch(PathPatch(Curve(vertices, codes), fill=False, capstyle="butt", **line))
    x, y = points[-1]
    tip = [(x, y - 5), (x - 3, y + 1), (x + 3, y + 1)]
    axes.add_patch(Polygon(tip, facecolor=FORWARD, linewidth=0, zorder=1))


def draw_room(axes, room, centre, is_folder):
    """Draw a box with the name of a room; a folder has a double frame."""
    x, y = centre
    width = width_of(room)
    for inset in (0, 2.2)[: 1 + is_folder]:
        corner = (x - width / 2 + inset, y - BOX / 2 + inset)
        style = f"round,pad=0,rounding_size={4 - inset / 2}"
        size = (width - 2 * inset, BOX - 2 * inset)
        box = FancyBboxPatch(corner, *size, boxstyle=style, facecolor=FILL, edgecolor=FORWARD)
        box.set(linewidth=1, zorder=2)
        axes.add_patch(box)
    text = {"size": LETTERS, "color": INK, "zorder": 3}
    axes.text(x, y, room, ha="center", va="center_baseline", **text)


def rooms_table(imports, package=PACKAGE):
    """Return the rooms, what each is for and what it imports, as a Markdown table.

    Parameters
    ----------
    imports : dict of str to set of str
    package : Path

    Returns
    -------
    str
    """
    levels = levels_of(imports)
    lines = ["| room | what it is | imports from |", "| --- | --- | --- |"]
    for room in sorted(imports, key=lambda one: (-levels[one], one)):
        needs = ", ".join(f"`{need}`" for need in sorted(imports[room])) or "nothing"
        lines.append(f"| **{room}** | {summary_of(room, package)} | {needs} |")
    return "\n".join(lines)


def summary_of(room, package):
    """Return the first sentence of the docstring of a room."""
    path = package / room / "__init__.py"
    path = path if path.exists() else package / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")
