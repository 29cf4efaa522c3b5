"""Tables of a benchmark: ``make bench`` prints the first one, a page of the book shows all.

The stored file holds raw seconds alone.
"""

from statistics import median

#: What computes, by the name of its process.
NAMES = {
    "products": "products alone",
    "project": "this project",
    "pytorch_autograd": "PyTorch, autograd",
    "pytorch": "PyTorch, by hand",
    "pytorch_compiled": "PyTorch, compiled",
    "jax_scan": "JAX, scan",
    "first_written": "as first written",
}
OPTIMIZERS = {"sgd": "SGD", "rmsprop": "RMSprop"}


def network_name(hidden_sizes):
    """Return such as ``"3x400"``, or ``"8x4"`` where widths differ."""
    if len(set(hidden_sizes)) == 1:
        return f"{len(hidden_sizes)}x{hidden_sizes[0]}"
    return "x".join(map(str, hidden_sizes))


def epoch_seconds(row, competitor, whole):
    """Return the seconds of an epoch of the whole training set, one for each round.

    Parameters
    ----------
    row : dict
        Measured on an epoch of ``row["images"]``.
    competitor : str
    whole : int
        Images of the whole training set.

    Returns
    -------
    list of float
    """
    return [seconds * whole / row["images"] for seconds in row["seconds"][competitor]]


def in_full(times):
    """Show a median and the range around it."""
    return f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})"


def in_short(times):
    """Show a median."""
    return f"{median(times):.2f}"


def epoch_table(results, threads=None, show=in_full):
    """Return the comparison as a Markdown table, a line for each competitor.

    Parameters
    ----------
    results : dict
        Of a run.
    threads : int, optional
        By default the lines of every number of threads.
    show : callable
        Turns the seconds of the rounds into text.

    Returns
    -------
    str
    """
    columns, lines = [], {}
    for row in results["epochs"]:
        if threads in (None, row["threads"]):
            column = f"{network_name(row['hidden_sizes'])} {row['rule'].upper()}"
            columns += [column] if column not in columns else []
            for name in row["seconds"]:
                key = (row["threads"], row["optimizer"], NAMES[name])
                times = epoch_seconds(row, name, results["plan"]["whole"])
                lines.setdefault(key, {})[column] = show(times)
    order = list(NAMES.values())
    keys = sorted(lines, key=lambda key: (key[0], key[1] != "sgd", order.index(key[2])))
    body = [
        [str(key[0]), OPTIMIZERS[key[1]], key[2], *(lines[key].get(c, "") for c in columns)]
        for key in keys
    ]
    titles = ("threads", "optimizer", "what computes")
    if threads is not None:  # one number for all lines, which the text around it names
        titles, body = titles[1:], [cells[1:] for cells in body]
    return markdown_table(titles, columns, body)


def device_table(results):
    """Return what an epoch takes on each device, as a Markdown table, a line for each case."""
    body, places = [], ("one_thread", "all_threads", "gpu")
    for row in results["devices"]:
        label = f"{network_name(row['hidden_sizes'])}, {OPTIMIZERS[row['optimizer']]}"
        seconds = row["seconds"]
        cells = [
            in_short(epoch_seconds(row, place, results["plan"]["whole"]))
            if place in seconds
            else ""
            for place in places
        ]
        pair = (seconds.get("one_thread", []), seconds.get("gpu", []))  # of what gave a time
        ratios = [alone / gpu for alone, gpu in zip(*pair, strict=False)]
        body.append([label, str(row["seeds"]), *cells, f"{median(ratios):.1f}" if ratios else ""])
    threads = results["devices"][0]["threads"]
    titles = ("networks", "one thread (s)", f"{threads} threads (s)", "GPU (s)", "one thread / GPU")
    return markdown_table(("network",), titles, body)


def training_table(results):
    """Return what a process of its own costs, by the number of images, as a Markdown table."""
    parts = {"import": "imports", "load": "data", "first_epoch": "first epoch", "wall": "in all"}
    body = []
    for row in results["training"]:
        seconds = (in_short([run[part] for run in row["runs"]]) for part in parts)
        peak = median(run["peak_bytes"] for run in row["runs"]) / 1e6
        body.append([f"{row['images']:,}", *seconds, f"{peak:.0f}"])
    titles = [f"{title} (s)" for title in parts.values()]
    return markdown_table((), ("images", *titles, "peak memory (MB)"), body)


def tsne_table(results):
    """Return the time of t-SNE by the number of samples, as a Markdown table."""
    body = [
        [f"{row['images']:,}", in_full([run["seconds"] for run in row["runs"]])]
        for row in results["tsne"]
    ]
    return markdown_table((), ("samples", "seconds"), body)


def markdown_table(texts, numbers, body):
    """Return a Markdown table whose columns line up: texts, then numbers.

    Parameters
    ----------
    texts, numbers : sequence of str
        The titles of the columns of text, and of those of numbers.
    body : list of list of str

    Returns
    -------
    str
    """
    rows = [[*texts, *numbers], *body]
    widths = [max(4, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    sides = ["<"] * len(texts) + [">"] * len(numbers)
    rule = ["-" * (w - (s == ">")) + ":" * (s == ">") for w, s in zip(widths, sides, strict=True)]

    def line(cells):
        padded = (f"{c:{s}{w}}" for c, s, w in zip(cells, sides, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    return "\n".join(map(line, [rows[0], rule, *body]))
