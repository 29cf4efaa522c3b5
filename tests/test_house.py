"""The picture of the rooms: it shows the code's own imports, and no arrow leads up."""

import re

import pytest
from conftest import ROOT, book_tool
from matplotlib.patches import FancyBboxPatch

house, diagrams = book_tool("house"), book_tool("diagrams")
ROOMS = house.rooms()
TREE = {"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"a", "c"}}


def test_the_rooms_are_those_of_the_package():
    package = ROOT / "dfa_utils"
    there = {path.stem for path in package.glob("[!_]*.py")}
    there |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert set(ROOMS) == there
    assert ROOMS["validation"] == set()
    assert "network" in ROOMS["training"] and "array" in ROOMS["network"]


def test_imports_are_found_wherever_they_are(tmp_path):
    package = tmp_path / "house"
    (package / "folder").mkdir(parents=True)
    (package / "__init__.py").write_text("from house.one import x")
    (package / "one.py").write_text("from house import two\nimport numpy")
    (package / "two.py").write_text("def f():\n    import house.folder.inner")
    (package / "folder" / "inner.py").write_text("from house.folder import other")
    assert house.rooms(package) == {"one": {"two"}, "two": {"folder"}, "folder": set()}


def test_a_room_is_above_all_that_it_imports():
    assert house.levels_of(TREE) == {"c": 0, "b": 1, "a": 2, "d": 3}
    levels = house.levels_of(ROOMS)
    assert all(levels[room] > levels[need] for room in ROOMS for need in ROOMS[room])


def test_a_circle_stops_the_build():
    with pytest.raises(ValueError, match="import one another: a, b"):
        house.levels_of({"a": {"b"}, "b": {"a"}, "c": set()})


def test_arrows_that_follow_from_others_are_left_out():
    assert house.without_detours(TREE) == {"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}


def test_the_method_knows_nothing_of_notebooks_and_figures():
    rooms = {room for room in ROOMS if (ROOT / "dfa_utils" / f"{room}.py").exists()}
    for room in rooms | {"array", "validation"}:
        assert not ROOMS[room] & {"data", "chapter", "figures", "sweep", "results"}, room


def test_two_drawings_are_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        diagrams.write_svg(house.draw_house(house.rooms()), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_boxes_lie_in_the_picture_and_not_upon_another():
    axes = house.draw_house(ROOMS).axes[0]
    frames = [p.get_window_extent() for p in axes.patches if isinstance(p, FancyBboxPatch)]
    names = [text.get_window_extent() for text in axes.texts]
    boxes = [
        max((frame for frame in frames if frame.overlaps(name)), key=lambda frame: frame.width)
        for name in names
    ]
    assert len(boxes) == len(ROOMS)
    assert all(
        box.x0 < name.x0 and name.x1 < box.x1 for box, name in zip(boxes, names, strict=True)
    )
    for number, box in enumerate(boxes):
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_the_letters_can_be_read_on_a_phone():
    assert house.LETTERS * 350 / house.WIDTH > 9


def test_the_table_says_it_in_words():
    lines = house.rooms_table(ROOMS).splitlines()
    assert len(lines) == len(ROOMS) + 2
    for room, needs in ROOMS.items():
        (line,) = (line for line in lines if line.startswith(f"| **{room}** |"))
        _, _, summary, imports, _ = line.split("|")
        assert summary.strip()
        assert set(re.findall(r"`(\w+)`", imports)) == needs
