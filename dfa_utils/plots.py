"""Every measured figure of the book, one function each."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogFormatter, MaxNLocator

from dfa_utils.checks import check, check_instance, refuse
from dfa_utils.history import History

#: Of Okabe and Ito's palette, which colour-blind eyes tell apart too.
RULE_COLOURS = {"BP": "#0072B2", "DFA": "#D55E00", "FA": "#009E73", "IFA": "#CC79A7"}
# And told apart without any colour.
RULE_LINES = {"BP": "-", "DFA": (0, (5, 1.5)), "FA": (0, (1.5, 1.2)), "IFA": "-."}
RULE_MARKERS = {"BP": "o", "DFA": "s", "FA": "^", "IFA": "D"}
NEUTRAL = "#555555"


def use_book_style():
    """Draw with light axes in the running notebook, as SVG: sharp on any screen.

    A second run writes the same bytes: fixed ids, no date.
    """
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    # The resolution is that of what is drawn as pixels, such as a cloud of points.
    set_matplotlib_formats("svg", dpi=200, metadata={"Date": None, "Creator": None})
    plt.rcParams.update(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#dddddd",
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "font.size": 11,
            "legend.frameon": False,
            "legend.handlelength": 2.4,  # a dash and a gap at least
            "svg.fonttype": "path",
            "svg.hashsalt": "dfa_utils.plots",
        }
    )


def plot_error_curves(histories):
    """Draw train and test error against the epoch, the mean and one standard deviation around it.

    Parameters
    ----------
    histories : dict of str to History
        By the name of the learning rule, such as ``"DFA"``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    _check_histories("histories", histories)
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True)
    for axes, quantity in zip(panels, ("train_error", "test_error"), strict=True):
        for label, history in histories.items():
            draw_band(axes, history.epochs, history.held(quantity), label, label)
        axes.set(title=f"{quantity.split('_')[0].capitalize()} error", xlabel="epoch")
        scale_errors(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("error (%)")
    panels[0].legend()
    return figure


def plot_release(pretraining, releases, last_epochs):
    """Draw test error before and after the release of a frozen layer, with the end enlarged.

    Parameters
    ----------
    pretraining : History
    releases : dict of str to History
        What followed, by the name of the learning rule.
    last_epochs : int
        How many epochs the right panel enlarges.

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_instance("pretraining", pretraining, History)
    _check_histories("releases", releases)
    last_epochs = check("last_epochs", last_epochs)
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6))
    last_epoch = max(history.epochs[-1] for history in releases.values())
    last_epochs = min(last_epochs, last_epoch)
    for axes in panels:
        draw_band(axes, pretraining.epochs, pretraining.test_error, "first layer frozen")
        for label, history in releases.items():
            joined = np.concatenate([pretraining.test_error[-1:], history.test_error])
            epochs = np.concatenate([pretraining.epochs[-1:], history.epochs])
            draw_band(axes, epochs, joined, f"released, {label}", label)
        axes.axvline(pretraining.epochs[-1], color=NEUTRAL, linestyle=":")
        axes.set(xlabel="epoch")
    shown = [pretraining.test_error[pretraining.epochs > last_epoch - last_epochs]]
    shown += [history.test_error for history in releases.values()]
    panels[1].set(
        xlim=(last_epoch - last_epochs, last_epoch),
        ylim=(0, 1.1 * max(values.max() for values in shown if values.size)),
        title=f"The last {last_epochs} epochs",
    )
    panels[0].set(ylabel="test error (%)", title="All epochs", ylim=(0, 100))
    panels[0].legend()
    return figure


def plot_embeddings(embeddings, labels, class_names):
    """Draw planar embeddings of the same samples side by side, coloured by class.

    Parameters
    ----------
    embeddings : dict of str to numpy.ndarray (n, 2)
        By title.
    labels : numpy.ndarray of int (n,)
    class_names : sequence of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    check_embeddings(embeddings, labels, class_names)
    columns = 2
    rows = -(-len(embeddings) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(8, 4 * rows), squeeze=False)
    colours = plt.get_cmap("tab10")
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (title, points) in zip(panels.flat, embeddings.items(), strict=False):
        axes.set_title(title)
        for index, name in enumerate(class_names):
            members = points[labels == index]
            axes.scatter(*members.T, s=4, color=colours(index), label=name, rasterized=True)
        _name_classes(axes, points, labels, class_names)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, markerscale=3)
    return figure


def _name_classes(axes, points, labels, class_names):
    """Write the name of each class in the middle of its points: colours are hard to tell apart."""
    for index, name in enumerate(class_names):
        members = points[labels == index]
        if len(members):
            text = axes.text(*np.median(members, axis=0), name, ha="center", va="center", size=9)
            text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def check_embeddings(embeddings, labels, class_names):
    """Refuse what `plot_embeddings` cannot draw."""
    is_text = isinstance(class_names, list | tuple) and all(isinstance(n, str) for n in class_names)
    if not is_text:
        refuse("class_names", "a sequence of text", class_names)
    if getattr(labels, "ndim", None) != 1:
        refuse("labels", "an array (n,)", labels)
    check_instance("embeddings", embeddings, dict)
    if not embeddings:
        refuse("embeddings", "at least one", embeddings)
    for points in embeddings.values():
        if getattr(points, "shape", None) != (len(labels), 2):
            refuse("embeddings", f"arrays ({len(labels)}, 2), as many points as labels", points)


def _check_histories(name, histories):
    """Refuse what is not a dict of runs by the name of a rule that has a colour."""
    check_instance(name, histories, dict)
    if not histories or not set(histories) <= set(RULE_COLOURS):
        refuse(name, f"by names among {', '.join(RULE_COLOURS)}", list(histories))
    for history in histories.values():
        check_instance(name, history, History)
        if not len(history.epochs):
            refuse(name, "of at least one epoch", history)


def draw_band(axes, epochs, values, label, rule=None, **line):
    """Draw the mean over the seeds and a band of one sample standard deviation.

    The line looks like that of a learning rule, or as its properties say.
    """
    line = {"color": RULE_COLOURS.get(rule, NEUTRAL), "linestyle": RULE_LINES.get(rule, "-")} | line
    mean = values.mean(axis=1)
    axes.plot(epochs, mean, label=label, **line)
    if values.shape[1] > 1:
        spread = values.std(axis=1, ddof=1)
        low, high = mean - spread, mean + spread
        axes.fill_between(epochs, low, high, color=line["color"], alpha=0.25, linewidth=0)


def scale_errors(axes):
    """Give errors in percent a logarithmic axis with plain numbers, also between the decades."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))
