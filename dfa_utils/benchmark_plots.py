"""Pictures of the stored benchmark, drawn when the book is built."""

from statistics import median

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dfa_utils.benchmark_tables import NAMES, epoch_seconds, network_name
from dfa_utils.plots import NEUTRAL, RULE_COLOURS, RULE_MARKERS

TITLES = {
    "width": "units in each of three layers",
    "depth": "hidden layers of equal width",
    "seeds": "networks trained at once",
    "batch_size": "images in a mini-batch",
}


def draw_comparison(results):
    """Draw the seconds of an epoch of every competitor, one panel for each network.

    SGD on one thread; a mark is the median of the rounds, a line their range.

    Parameters
    ----------
    results : dict
        Of a run of the benchmark.

    Returns
    -------
    matplotlib.figure.Figure
    """
    networks = results["plan"]["networks"]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    height = {name: -place for place, name in enumerate(NAMES)}
    for axes, hidden_sizes in zip(panels, networks, strict=True):
        for row in results["epochs"]:
            shown = (row["hidden_sizes"], row["optimizer"], row["threads"])
            if shown == (hidden_sizes, "sgd", 1):
                _draw_row(axes, row, height, results["plan"]["whole"])
        axes.set(title=network_name(hidden_sizes), xscale="log", xlabel="seconds an epoch")
        axes.set_yticks(list(height.values()), NAMES.values())
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        _tidy(axes)
    panels[0].legend(*_one_of_each(panels[0]), loc="upper right")
    return figure


def _draw_row(axes, row, height, whole):
    """Draw every competitor's dot, BP a little above DFA."""
    rule = row["rule"].upper()
    for name in row["seconds"]:
        times = epoch_seconds(row, name, whole)
        middle = median(times)
        y = height[name] + (0.15 if rule == "BP" else -0.15)
        ends = [[middle - min(times)], [max(times) - middle]]
        look = {"fmt": RULE_MARKERS[rule], "ms": 5, "color": RULE_COLOURS[rule]}
        axes.errorbar(middle, y, xerr=ends, label=rule, **look)


def draw_sizes(results):
    """Draw the seconds of an epoch against width, depth, stacked networks and batch size.

    Solid lines are this project, dotted lines its products alone; one thread, SGD.

    Parameters
    ----------
    results : dict
        Of a run of the benchmark.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(9, 6), layout="constrained")
    whole = results["plan"]["whole"]
    for axes, (size, title) in zip(figure.subplots(2, 2).flat, TITLES.items(), strict=True):
        rows = results["varied"][size]
        for rule in dict.fromkeys(row["rule"] for row in rows):
            marker, colour = RULE_MARKERS[rule.upper()], RULE_COLOURS[rule.upper()]
            for competitor, line in (("project", f"{marker}-"), ("products", ":")):
                points = [
                    (size_of(row, size), median(epoch_seconds(row, competitor, whole)))
                    for row in rows
                    if row["rule"] == rule
                ]
                label = f"{rule.upper()}, {NAMES[competitor]}"
                axes.plot(*zip(*points, strict=True), line, ms=4, color=colour, label=label)
        sizes = sorted({size_of(row, size) for row in rows})
        axes.set(xscale="log", yscale="log", xlabel=title)
        axes.set_xticks(sizes, sizes)
        _tidy(axes)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    figure.supylabel("seconds an epoch")
    figure.axes[0].legend(frameon=False)
    return figure


def size_of(row, size):
    """Return the value of a row on the axis of one size."""
    hidden_sizes = row["hidden_sizes"]
    return {"width": hidden_sizes[0], "depth": len(hidden_sizes)}.get(size) or row[size]


def _tidy(axes):
    """Leave out what carries nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, axis="both", color="#dddddd")
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(colors=NEUTRAL, labelcolor="black")


def _one_of_each(axes):
    """Return the legend's entries, each label once."""
    handles, labels = axes.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True))
    return entries.values(), entries.keys()


#: How each picture of the pages is drawn, by the name of its file.
FIGURES = {"benchmark_epochs.svg": draw_comparison, "benchmark_sizes.svg": draw_sizes}
