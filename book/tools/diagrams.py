"""Drawings that explain: how the output error reaches the hidden layers.

``python book/tools/diagrams.py PATH`` writes the picture of the three error paths as SVG. The same
version of Matplotlib writes the same bytes: fixed ids, no date, text as outlines.
"""

import argparse

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from dfa_utils.figures import RULE_LOOKS

INK, FORWARD, FILL = "#222222", "#767676", "#F2F2F2"

# All lengths are in points. On a phone, 350 pixels wide, the smallest letters have 9 of them.
WIDTH, HEIGHT = 520, 390
SMALL = 13.5  # of letters
ROWS = (62, 138, 214, 290)  # the heights of x, h_1, h_2 and the outputs
HEAD = 8  # of an arrow
RADIUS = 16  # of an error; boxes are as high as errors are wide
LAYER, ERROR = 48, 118  # where in a panel the two columns stand
BYPASS = ERROR + 54  # how far the direct path to h_1 swings out

TYPOGRAPHY = {"font.family": "DejaVu Sans", "mathtext.fontset": "stix", "text.usetex": False}
SVG = {"svg.hashsalt": "diagrams", "svg.fonttype": "path"}

# How dark the cells of a random matrix are. Written out, so that the picture never changes.
RANDOM_CELLS = ((0.9, 0.1, 0.5, 0.2), (0.3, 0.7, 0.0, 0.8), (0.1, 0.4, 0.9, 0.3))
CELL = 5.5


def draw_error_paths():
    """Draw back-propagation, feedback alignment and direct feedback alignment side by side.

    Layers stand in a column of grey boxes, the forward pass runs upwards through the weights
    ``W``. Beside them stand the errors in the colour of the learning rule. Solid arrows pass
    through transposed weights, dashed arrows through fixed random matrices, drawn as tiles.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with matplotlib.rc_context(TYPOGRAPHY):
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72, facecolor="white")
        add_error_paths(figure, (0, 0, 1, 1))
    return figure


def add_error_paths(figure, place):
    """Draw the three error paths into a part of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    place : tuple of float
        Left, bottom, width and height, as shares of the figure. Letters keep their size: the part
        should be ``WIDTH`` by ``HEIGHT`` points large.
    """
    axes = figure.add_axes(place, xlim=(0, WIDTH), ylim=(0, HEIGHT))
    axes.set_axis_off()
    _draw_back_propagation(_Panel(axes, 0, "BP"))
    _draw_feedback_alignment(_Panel(axes, 163, "FA"))
    _draw_direct_feedback_alignment(_Panel(axes, 326, "DFA"))


def write_svg(figure, path):
    """Write a figure as SVG that is the same on every run.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or path-like
    """
    with matplotlib.rc_context(TYPOGRAPHY | SVG):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_back_propagation(panel):
    panel.caption("back-propagation", "transposed weights,", "layer by layer")
    for layer in (2, 1):
        panel.error_arrow(layer + 1, layer)
        panel.text(ERROR + 8, _between(layer), rf"$W_{layer + 1}^\top$", ha="left")


def _draw_feedback_alignment(panel):
    panel.caption("feedback alignment", "random matrices,", "layer by layer")
    for layer in (2, 1):
        panel.error_arrow(layer + 1, layer, dashed=True)
        panel.random_matrix(layer + 1, ERROR, _between(layer))
        panel.text(ERROR + 15, _between(layer), f"$B_{layer + 1}$", ha="left")


def _draw_direct_feedback_alignment(panel):
    panel.caption("direct feedback\nalignment", "random matrices,", "straight from the output")
    panel.error_arrow(3, 2, dashed=True)
    panel.random_matrix(2, ERROR, _between(2))
    panel.text(ERROR - 15, _between(2), "$B_2$", ha="right")
    panel.bypass_arrow()
    panel.random_matrix(1, BYPASS, ROWS[2])
    panel.text(BYPASS - 15, ROWS[2], "$B_1$", ha="right")


def _between(layer):
    """Return the height half way between a layer and the one above it."""
    return (ROWS[layer] + ROWS[layer + 1]) / 2


class _Panel:
    """One learning rule: its network on the left, its errors on the right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    left : float
        Where the panel begins.
    rule : {"BP", "FA", "DFA"}
    """

    def __init__(self, axes, left, rule):
        self.axes, self.left, self.rule = axes, left, rule
        self.colour = RULE_LOOKS[rule].colour
        for row, name in enumerate(("$x$", "$h_1$", "$h_2$", r"$\hat{y}$")):
            self._box(row, name)
        for row in range(3):
            start, end = ROWS[row] + RADIUS, ROWS[row + 1] - RADIUS
            self._arrow((LAYER, start), (LAYER, end), colour=FORWARD)
            self.text(LAYER - 7, (start + end) / 2, f"$W_{row + 1}$", ha="right", color=FORWARD)
        self._arrow((LAYER + 24, ROWS[3]), (ERROR - RADIUS, ROWS[3]), colour=FORWARD)
        for row, name in ((3, "$e$"), (2, r"$\delta_2$"), (1, r"$\delta_1$")):
            self._error(row, name)
        for row in (2, 1):
            self._arrow((ERROR - RADIUS, ROWS[row]), (LAYER + 24, ROWS[row]), colour=self.colour)

    def caption(self, name, *path):
        """Write the rule's short and full name above the panel and its error path below."""
        middle = (LAYER - 24 + ERROR + RADIUS) / 2 + (14 if self.rule == "DFA" else 0)
        self.text(middle, 371, self.rule, size=18, weight="bold", color=self.colour)
        lines = name.split("\n")
        for line, height in zip(lines, (347, 330) if len(lines) > 1 else (338,), strict=True):
            self.text(middle, height, line, size=SMALL)
        for line, height in zip(path, (29, 11), strict=True):
            self.text(middle, height, line, size=SMALL)

    def error_arrow(self, upper, lower, dashed=False):
        """Draw the way of the error from one row down to the next."""
        start, end = (ERROR, ROWS[upper] - RADIUS), (ERROR, ROWS[lower] + RADIUS)
        self._arrow(start, end, colour=self.colour, dashed=dashed, width=2.2)

    def bypass_arrow(self):
        """Draw the way of the output error to the first hidden layer, past the second."""
        bend = BYPASS - ERROR - RADIUS
        way = [
            (ERROR + RADIUS, ROWS[3]),
            *((BYPASS, ROWS[3]), (BYPASS, ROWS[3] - bend)),
            (BYPASS, ROWS[1] + bend),
            *((BYPASS, ROWS[1]), (ERROR + RADIUS, ROWS[1])),
        ]
        codes = [Path.MOVETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3]
        self._arrow(*way, colour=self.colour, codes=codes, dashed=True, width=2.2)

    def random_matrix(self, index, x, y):
        """Draw the matrix ``B_index`` as a tile of cells, its middle at (x, y) of the panel."""
        matrix = np.roll(RANDOM_CELLS, index, axis=1)
        height, width = CELL * np.array(matrix.shape)
        left, bottom = self.left + x - width / 2, y - height / 2
        tile = {"linewidth": 0, "zorder": 3}
        self.axes.add_patch(Rectangle((left, bottom), width, height, facecolor="white", **tile))
        for row, cells in enumerate(matrix):
            for column, darkness in enumerate(cells):
                corner = (left + column * CELL, bottom + row * CELL)
                cell = Rectangle(corner, CELL, CELL, color=self.colour, alpha=darkness, **tile)
                self.axes.add_patch(cell)
        frame = {"fill": False, "edgecolor": self.colour, "linewidth": 1.2, "zorder": 4}
        self.axes.add_patch(Rectangle((left, bottom), width, height, **frame))

    def text(self, x, y, text, *, ha="center", size=16, color=INK, **font):
        """Write text at (x, y) of the panel, centred vertically."""
        place = {"ha": ha, "va": "center_baseline" if ha == "center" else "center", "zorder": 5}
        self.axes.text(self.left + x, y, text, size=size, color=color, **place, **font)

    def _box(self, row, name):
        corner = (self.left + LAYER - 24, ROWS[row] - RADIUS)
        style = {"boxstyle": "round,pad=0,rounding_size=4", "linewidth": 1.4}
        box = FancyBboxPatch(corner, 48, 2 * RADIUS, facecolor=FILL, edgecolor=FORWARD, **style)
        self.axes.add_patch(box)
        self.text(LAYER, ROWS[row], name)

    def _error(self, row, name):
        centre = (self.left + ERROR, ROWS[row])
        self.axes.add_patch(Circle(centre, RADIUS, facecolor=self.colour, linewidth=0))
        self.text(ERROR, ROWS[row], name, color="white")

    def _arrow(self, *way, colour, codes=None, dashed=False, width=1.6):
        way = np.add(way, (self.left, 0.0))
        forward = (way[-1] - way[-2]) / np.linalg.norm(way[-1] - way[-2])
        sideways, tip, base = forward[::-1] * (-1, 1), way[-1], way[-1] - HEAD * forward
        # The head is a shape of its own, as dashes would leave gaps in its outline.
        head = [tip, base + HEAD / 2 * sideways, base - HEAD / 2 * sideways]
        self.axes.add_patch(Polygon(head, facecolor=colour, linewidth=0))
        line = {"linewidth": width, "linestyle": (0, (1.7, 0.9)) if dashed else "solid"}
        path = Path([*way[:-1], base], codes)
        self.axes.add_patch(PathPatch(path, fill=False, edgecolor=colour, capstyle="butt", **line))


def main(arguments=None):
    """Write the picture to the path that the command line names."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", metavar="PATH", help="the SVG file to write")
    write_svg(draw_error_paths(), parser.parse_args(arguments).path)


if __name__ == "__main__":
    main()
