"""Bring what the interactive pages load: libraries, the project's scripts and the digits."""

import json
import re
import shutil
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
from diagrams import write_svg

from dfa_utils import RULES
from dfa_utils.data import load_dataset
from dfa_utils.figures import looks_of, plot_alignment
from dfa_utils.figures.interactive import MIME_TYPE
from dfa_utils.history import History

SCRIPTS = Path(__file__).resolve().parents[1] / "play"
LIBRARIES = {
    "d3.js": "d3/dist/d3.min.js",
    "plot.js": "@observablehq/plot/dist/plot.umd.min.js",
    "tf-core.js": "@tensorflow/tfjs-core/dist/tf-core.es2017.min.js",
    "tf-backend-cpu.js": "@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.es2017.min.js",
}
BRIGHTEST = 16  # of a pixel of the digits
NAMED_LINES = {"-": "solid", "--": "dashed", "-.": "dashdot", ":": "dotted"}


def write_scripts(installed, target):
    """Write the folder from which the pages load scripts.

    Parameters
    ----------
    installed : Path
        Where npm has put the libraries, as ``node_modules``.
    target : Path
        The folder to make.
    """
    target.mkdir(parents=True)
    modules = installed / "node_modules"
    for name, source in LIBRARIES.items():
        script = (modules / source).read_text(encoding="utf-8")
        # The maps for debugging stay behind, and so must the lines that point to them.
        script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
        (target / name).write_text(script, encoding="utf-8")
    for source in sorted([*SCRIPTS.glob("*.js"), *SCRIPTS.glob("*.css")]):
        shutil.copy(source, target)
    (target / "rules.js").write_text(rules_script(), encoding="utf-8")
    (target / "digits.js").write_text(digits_script(), encoding="utf-8")
    (target / "LICENSES.txt").write_text(licences(modules), encoding="utf-8")


def rules_script():
    """Return what learning rules are called and how they are drawn, as in figures, as a script."""
    looks, rules = looks_of(rule.name for rule in RULES.values()), {}
    for name, rule in RULES.items():
        colour, line, _ = looks[rule.name]
        colour = f"var(--rule-{name}, {colour.lower()})"  # of the mode, light or dark
        rules[name] = {"label": rule.name, "colour": colour, "dashes": dashes_of(line)}
    return giving("RULES", rules)


def dashes_of(line):
    """Return the lengths of the dashes and gaps of a line, in its widths; none where it is solid.

    Parameters
    ----------
    line : str or tuple
        A line style of Matplotlib.
    """
    if isinstance(line, tuple):
        return list(line[1])
    return list(mpl.rcParamsDefault.get(f"lines.{NAMED_LINES[line]}_pattern", []))


def giving(name, value):
    """Return a script that gives the other scripts a value by a name."""
    return f"var dfa = globalThis.dfa || {{}};\ndfa.{name} = {json.dumps(value)};\n"


def digits_script():
    """Return the digits as a script: a letter for each pixel, ``a`` being the darkest."""
    data = load_dataset("digits", backend="numpy", input_range=(0, BRIGHTEST))

    def packed(images, labels):
        letters = bytes(images.astype("uint8").reshape(-1) + ord("a")).decode("ascii")
        return {"images": letters, "labels": "".join(map(str, labels))}

    parts = {
        "features": data.train_images.shape[1],
        "classes": data.num_classes,
        "brightest": BRIGHTEST,
        "train": packed(data.train_images, data.train_labels),
        "test": packed(data.test_images, data.test_labels),
    }
    return giving("digits", parts)


def licences(modules):
    """Return the name, version and licence of every installed package, with the texts."""
    entries = []
    for description in sorted(
        [*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]
    ):
        package = json.loads(description.read_text(encoding="utf-8"))
        texts = sorted(description.parent.glob("LICEN[CS]E*"))
        title = f"{package['name']} {package['version']}: {package['license']}"
        entries.append("\n\n".join([title, *(text.read_text("utf-8").strip() for text in texts)]))
    return f"\n\n{'-' * 79}\n\n".join(entries) + "\n"


def draw_playground(records, path):
    """Draw what the playground shows at first, for readers without scripts.

    Parameters
    ----------
    records : dict
        Of the chapter on alignment.
    path : Path
        The SVG file to write.
    """

    histories, angles = {}, {}
    for rule in ("bp", "fa", "dfa"):
        # The records are means over the seeds: one curve each, and of each layer's angle.
        errors, layers = (
            np.array(records[f"small_{rule}_{quantity}_curve"], dtype=float)
            for quantity in ("test_error", "angle")
        )
        epochs, curve = np.arange(1, len(errors) + 1), errors[:, None]
        histories[rule.upper()] = History((0,), epochs, curve, curve, curve, curve)
        angles[rule.upper()] = layers[:, None, :]
    write_svg(plot_alignment(histories, angles), path)


def show_interactives(path):
    """Turn the data of interactive figures, in an executed notebook, into what a page shows.

    Parameters
    ----------
    path : Path
        It is written anew where there is such data.
    """
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    found = [output for output in outputs if MIME_TYPE in output.get("data", {})]
    for output in found:
        output.data = {"text/html": interactive_html(**output.data[MIME_TYPE])}
    if found:
        nbformat.write(notebook, path)


def interactive_html(kind, without_scripts, data):
    """Return the place of an interactive figure: its data, and a sentence until scripts run.

    Parameters
    ----------
    kind : str
        Which of the scripts draws it.
    without_scripts : str
        What stands there where no script runs.
    data : dict

    Returns
    -------
    str
    """
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    return (
        f'<div class="play" data-play="{kind}"><p>{without_scripts}</p>'
        f'<script type="application/json">{text}</script></div>'
        '<script defer src="../_static/play/play.js"></script>'
    )
