"""Data of the book's interactive figures, as outputs of a notebook.

The pages of the book draw them. Jupyter and Colab show a sentence that says so; the still figure
beside it holds the same data.
"""

import base64
import io

import numpy as np

from dfa_utils.figures.angles import check_angles
from dfa_utils.figures.embeddings import check_embeddings
from dfa_utils.validation import check, check_instance, numbers, refuse

MIME_TYPE = "application/vnd.dfa-utils.interactive+json"
GRID = 1000  # positions are whole numbers up to this: finer than a screen shows
COLUMNS = 25  # images in a row of the picture that holds them all


def show_embeddings(embeddings, images, image_shape, labels, class_names, most=500):
    """Show embeddings in which a reader can find each image; the page of the book draws them.

    Parameters
    ----------
    embeddings : dict of str to numpy.ndarray (n, 2)
        By title.
    images : numpy.ndarray (n, height * width)
    image_shape : tuple of int
        (height, width).
    labels : numpy.ndarray of int (n,)
    class_names : sequence of str
    most : int
        How many of the first images are shown at most: a page carries them all.
    """
    check_embeddings(embeddings, labels, class_names)
    most, (height, width) = check("most", most), check("image_shape", image_shape)
    allowed = f"an array ({len(labels)}, {height * width})"
    if numbers("images", images, allowed).shape != (len(labels), height * width):
        refuse("images", allowed, images)
    shown = np.argsort(labels[:most], kind="stable")  # class after class, for those who step
    data = {
        "classNames": list(class_names),
        "labels": labels[shown].tolist(),
        "panels": [
            {"title": title, "points": _on_grid(points)[shown].tolist()}
            for title, points in embeddings.items()
        ],
        "images": {
            "height": height,
            "width": width,
            "columns": COLUMNS,
            "picture": _picture(images[shown].reshape(-1, height, width)),
        },
    }
    _show("embeddings", data, "each image can be found in every panel by pointing at it")


def show_epochs(runs):
    """Show errors and alignment angles epoch by epoch; the page of the book draws them.

    Parameters
    ----------
    runs : dict of str to (dict, dict)
        By how they started: the histories and the angles, by learning rule, as
        `dfa_utils.figures.angles.plot_alignment` takes them; all of the same epochs and rules.
    """
    check_instance("runs", runs, dict)
    if not runs:
        refuse("runs", "at least one", runs)
    data, lengths = {}, set()
    for start, pair in runs.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            refuse("runs", "pairs of histories and angles", pair)
        histories, angles = pair
        data[start] = {}
        for rule, values in check_angles(histories, angles).items():
            errors = histories[rule].held("test_error")
            lengths.add(len(errors))
            (error,) = _with_range(errors[:, :, None], 2)
            data[start][rule.lower()] = {"testError": error, "angles": _with_range(values, 1)}
    if len(lengths) > 1:
        refuse("runs", "of the same epochs", sorted(lengths))
    _show("epochs", {"runs": data}, "a slider moves through the epochs")


def _show(kind, data, what_it_does):
    """Display the data of an interactive figure."""
    from IPython.display import display

    text = f"Where scripts run, {what_it_does}, on the page of this chapter in the book."
    content = {"kind": kind, "without_scripts": text, "data": data}
    display({MIME_TYPE: content, "text/plain": text}, raw=True)


def _with_range(values, digits):
    """Return what is shown of values (epochs, seeds, layers), a dict for each layer.

    Means, lowest and highest seeds, lists by epoch; None for what has no value, as an angle may.
    """
    ways = {"mean": np.mean, "low": np.min, "high": np.max}
    found = {name: np.round(way(values, axis=1), digits).T.tolist() for name, way in ways.items()}
    return [
        {name: [None if np.isnan(v) else v for v in rows[layer]] for name, rows in found.items()}
        for layer in range(values.shape[-1])
    ]


def _on_grid(points):
    """Return positions as whole numbers, scaled alike along both axes."""
    low, size = points.min(axis=0), np.ptp(points, axis=0).max() or 1
    return np.round((points - low) / size * GRID).astype(int)


def _picture(images):
    """Return one PNG that holds all images, row by row, as an address that contains it."""
    from PIL import Image

    count, height, width = images.shape
    rows = -(-count // COLUMNS)
    low, size = images.min(), np.ptp(images) or 1
    sheet = np.zeros((rows * COLUMNS, height, width), np.uint8)
    sheet[:count] = np.round((images - low) / size * 255)
    sheet = sheet.reshape(rows, COLUMNS, height, width).swapaxes(1, 2)
    file = io.BytesIO()
    Image.fromarray(sheet.reshape(rows * height, COLUMNS * width)).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
