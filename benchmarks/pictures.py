"""Pictures of the stored benchmark, drawn when the book is built."""

from statistics import median

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.tables import NAMES, epoch_seconds, network_name
from dfa_utils.figures.style import NEUTRAL, RULE_LOOKS, WIDTH

TITLES = {
    "width": "units in each of 3 layers",
    "depth": "hidden layers",
    "seeds": "networks at once",
    "batch_size": "images in a batch",
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
    figure = Figure(figsize=(WIDTH, 2.4 * len(networks) + 0.4), layout="constrained")
    panels = figure.subplots(len(networks), 1, sharex=True, squeeze=False)[:, 0]
    height = {name: -place for place, name in enumerate(NAMES)}
    for axes, hidden_sizes in zip(panels, networks, strict=True):
        for row in results["epochs"]:
            shown = (row["hidden_sizes"], row["optimizer"], row["threads"])
            if shown == (hidden_sizes, "sgd", 1):
                _draw_row(axes, row, height, results["plan"]["whole"])
        axes.set(title=network_name(hidden_sizes), xscale="log")
        axes.set_yticks(list(height.values()), NAMES.values())
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        _tidy(axes)
    panels[-1].set_xlabel("seconds an epoch")
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
        look = RULE_LOOKS[rule]
        drawn = {"fmt": look.marker, "ms": 5, "color": look.colour}
        axes.errorbar(middle, y, xerr=ends, label=rule, **drawn)


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
    figure = Figure(figsize=(WIDTH, 5.2), layout="constrained")
    whole = results["plan"]["whole"]
    for axes, (size, title) in zip(figure.subplots(2, 2).flat, TITLES.items(), strict=True):
        rows = results["varied"][size]
        for rule in dict.fromkeys(row["rule"] for row in rows):
            look = RULE_LOOKS[rule.upper()]
            for competitor, line in (("project", f"{look.marker}-"), ("products", ":")):
                points = [
                    (size_of(row, size), median(epoch_seconds(row, competitor, whole)))
                    for row in rows
                    if row["rule"] == rule
                ]
                label = f"{rule.upper()}, {NAMES[competitor]}"
                axes.plot(*zip(*points, strict=True), line, ms=4, color=look.colour, label=label)
        sizes = sorted({size_of(row, size) for row in rows})
        axes.set(xscale="log", yscale="log", xlabel=title)
        axes.set_xticks(sizes, sizes)
        _tidy(axes)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    figure.supylabel("seconds an epoch", fontsize="medium")
    figure.legend(*_one_of_each(figure.axes[0]), loc="outside lower center", ncols=2)
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
