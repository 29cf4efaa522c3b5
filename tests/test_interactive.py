"""What the interactive figures are made of: outputs of notebooks, and what a page loads."""

import base64
import io
import json
import re

import nbformat
import numpy as np
import pytest
from conftest import ROOT, book_tool
from PIL import Image

from dfa_utils.figures import interactive
from dfa_utils.history import History

play = book_tool("play")
LOCK = json.loads((ROOT / "book" / "play" / "package-lock.json").read_text("utf-8"))
LABELS = np.array([1, 0, 1, 0, 1, 0])


@pytest.fixture
def displayed(monkeypatch):
    """A list that gathers what is displayed."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def show_six(most=5):
    """Show six images of 2x3 pixels in two panels."""
    generator = np.random.default_rng(0)
    panels = {name: generator.standard_normal((6, 2)) for name in ("inputs", "hidden layer 1")}
    images = generator.uniform(-1, 1, (6, 6))
    interactive.show_embeddings(panels, images, (2, 3), LABELS, ("a", "b"), most=most)
    return panels, images


def test_embeddings_keep_the_first_images_class_after_class(displayed):
    panels, images = show_six()
    data = displayed[0][interactive.MIME_TYPE]["data"]
    order = [1, 3, 0, 2, 4]
    assert data["labels"] == LABELS[order].tolist()
    for panel in data["panels"]:
        points, whole = np.array(panel["points"]), panels[panel["title"]]
        assert points.dtype == int and points.min() >= 0 and points.max() <= interactive.GRID
        # Alike along both axes, so that distances keep their proportions, and to half a step.
        scale = interactive.GRID / np.ptp(whole, axis=0).max()
        np.testing.assert_allclose(points, ((whole - whole.min(axis=0)) * scale)[order], atol=0.5)
    picture = data["images"]["picture"].removeprefix("data:image/png;base64,")
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))
    assert pixels.shape == (2, 3 * data["images"]["columns"])
    low, size = images[order].min(), np.ptp(images[order])
    for place, index in enumerate(order):
        tile = pixels[:, 3 * place : 3 * place + 3]
        expected = (images[index].reshape(2, 3) - low) / size * 255
        np.testing.assert_allclose(tile, expected, atol=0.5)


def test_the_output_repeats_to_the_byte_and_says_what_it_is_in_jupyter(displayed):
    for _ in range(2):
        show_six()
    first, second = (json.dumps(output) for output in displayed)
    assert first == second
    assert displayed[0]["text/plain"].startswith("Where scripts run, ")


def test_epochs_hold_means_and_ranges_and_none_where_there_is_no_angle(displayed):
    errors = np.array([[10.0, 20.0], [5.0, 6.0]])
    history = History((0, 1), np.array([1, 2]), errors, errors, errors, errors)
    angles = np.tile([[40.0], [50.0]], (3, 1, 1))
    angles[0] = np.nan
    interactive.show_epochs({"zero": ({"DFA": history}, {"DFA": angles})})
    content = displayed[0][interactive.MIME_TYPE]
    assert content["kind"] == "epochs"
    assert content["data"]["runs"]["zero"]["dfa"] == {
        "testError": {"mean": [15.0, 5.5], "low": [10.0, 5.0], "high": [20.0, 6.0]},
        "angles": [
            {"mean": [None, 45.0, 45.0], "low": [None, 40.0, 40.0], "high": [None, 50.0, 50.0]}
        ],
    }


def test_an_executed_notebook_gets_the_place_of_its_figure(tmp_path):
    path = tmp_path / "chapter.ipynb"
    content = {"kind": "epochs", "without_scripts": "Words.", "data": {"text": "</script><b>"}}
    output = nbformat.v4.new_output("display_data", {interactive.MIME_TYPE: content})
    plain = nbformat.v4.new_output("display_data", {"text/plain": "x"})
    cell = nbformat.v4.new_code_cell("show()", outputs=[output, plain])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    play.show_interactives(path)
    shown, other = nbformat.read(path, as_version=4).cells[0].outputs
    assert other == plain
    html = shown.data["text/html"]
    (carried,) = re.findall(r'<script type="application/json">(.*?)</script>', html)
    assert json.loads(carried) == content["data"]
    assert 'data-play="epochs"' in html and "<p>Words.</p>" in html


def test_every_library_is_pinned_with_its_digest_and_names_no_host():
    installed = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert len(installed) > 30
    for name, entry in installed.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name
    described = json.loads((ROOT / "book" / "play" / "package.json").read_text("utf-8"))
    for version in described["dependencies"].values():
        assert re.fullmatch(r"[\d.]+", version)


def test_whatever_a_page_asks_for_is_there(scripts):
    loader = (scripts / "play.js").read_text(encoding="utf-8")
    asked = re.findall(r'"([\w-]+\.(?:js|css))"', loader) + re.findall(r"\}(play\.css)", loader)
    assert {*play.LIBRARIES, "play.css", "digits.js", "playground.js"} <= set(asked)
    present = {path.name for path in scripts.iterdir()}
    assert set(asked) | {"play.js", "LICENSES.txt"} == present


def test_libraries_come_with_their_licences_and_point_to_nothing_that_is_not_there(scripts):
    text = (scripts / "LICENSES.txt").read_text(encoding="utf-8")
    for source in play.LIBRARIES.values():
        name = re.match(r"(@[\w-]+/)?[\w-]+", source)[0]
        assert re.search(rf"^{re.escape(name)} [\d.]+: (ISC|MIT|Apache-2\.0)$", text, re.MULTILINE)
    assert "Apache License" in text and "Permission to use, copy, modify" in text
    for script in scripts.glob("*.js"):
        assert "sourceMappingURL" not in script.read_text(encoding="utf-8"), script
