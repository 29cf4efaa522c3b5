"""Exercises to fill in: what the check says, and that of every chapter it says the right thing."""

import ast
import re

import jupytext
import numpy as np
import pytest
from conftest import ROOT

from dfa_utils.chapter import exercises
from dfa_utils.chapter.exercises import OPEN, RIGHT, check_exercise

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
TEMPLATE = ROOT / "book" / "tools" / "template" / "chapter.py"
MOST_LINES, MOST_EXERCISES = 16, 3
FOLD = re.compile(r"<details><summary>Solution</summary>\n\n```python\n(.*?)\n```\n\n", re.DOTALL)

e, B = np.array([[1.0, -2.0]]), np.array([[1.0, 2.0], [3.0, 5.0]])
CASES = [((e, B), e @ B), ((2 * e, B), 2 * e @ B)]
MISTAKES = {"that is the transposed matrix": lambda e, B: e @ B.T, "broken": lambda e, B: e[7]}


def said(capsys, function, cases=CASES, mistakes=MISTAKES):
    """Return what the check prints, without the function's name."""
    check_exercise(function, cases, mistakes)
    (line,) = capsys.readouterr().out.splitlines()
    return line.partition(": ")[2]


# What it says.


def empty(e, B):
    """Return what is sent."""
    ...


def unfinished(e, B):
    raise NotImplementedError


@pytest.mark.parametrize("hole", [empty, unfinished, lambda e, B: ..., lambda e, B: None])
def test_a_hole_is_open(capsys, hole):
    assert said(capsys, hole) == OPEN


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda e, B: e @ B, "right"),
        (lambda e, B: (e @ B).astype("float32"), "right"),
        (lambda e, B: (e @ B).tolist(), "right"),
        (lambda e, B: e @ B.T, "not yet, that is the transposed matrix"),
        (
            lambda e, B: (e @ B).T,
            "not yet, it returns the shape (2, 1) where the shape (1, 2) is expected",
        ),
        (lambda e, B: 3.0, "not yet, it returns a number where the shape (1, 2) is expected"),
        (lambda e, B: e @ B + [0, 1], "not yet, the value at [0, 1] is -7 where -8 is expected"),
        (lambda e, B: e * np.nan, "not yet, the value at [0, 0] is nan where -5 is expected"),
        (lambda e, B: "-5", "not yet, it returns no numbers, where the shape (1, 2) is expected"),
        (lambda e, B: [[1], [2, 3]], "not yet, it returns no numbers, where the shape (1, 2) is"),
        (lambda e, B: 1j * e, "not yet, it returns no numbers, where the shape (1, 2) is"),
        (lambda e, B: e["b"], "not yet, it raises IndexError: only integers"),
        (lambda e: e, "not yet, it raises TypeError: "),
        (3, "not yet, it raises TypeError: 'int' object is not callable"),
    ],
)
def test_it_says_what_is_wrong(capsys, answer, words):
    assert said(capsys, answer).startswith(words)


def test_the_name_of_the_function_comes_first(capsys):
    check_exercise(empty, CASES, MISTAKES)
    check_exercise(3, CASES, MISTAKES)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["empty", "the answer"]


def test_a_mistake_is_one_in_every_case(capsys):
    """Where only some cases look like it, the difference is said."""
    cases = [((np.eye(2), np.eye(2)), np.eye(2)), *CASES]
    assert said(capsys, lambda e, B: e @ B.T, cases) == "not yet, that is the transposed matrix"
    mixed = said(capsys, lambda e, B: e @ B.T if e[0, 0] == 1 else e @ B, cases)
    assert mixed == "not yet, the value at [0, 0] is -3 where -5 is expected"


def test_several_arrays_are_compared_one_by_one(capsys):
    cases = [((e, B), [e @ B, B])]
    wrong = {"the two are swapped": lambda e, B: [B, e @ B]}
    assert said(capsys, lambda e, B: (e @ B, B), cases, wrong) == RIGHT
    assert said(capsys, lambda e, B: (B, e @ B), cases, wrong) == "not yet, the two are swapped"
    words = "not yet, it returns one where 2 arrays are expected"
    assert said(capsys, lambda e, B: e, cases, wrong) == words
    words = "not yet, it returns 1 where 2 arrays are expected"
    assert said(capsys, lambda e, B: [e], cases, wrong) == words
    words = "not yet, array 2 of 2: the value at [0, 0] is 2 where 1 is expected"
    assert said(capsys, lambda e, B: [e @ B, B + 1], cases, wrong) == words


def test_numbers_are_compared_by_their_size(capsys):
    tiny = [((e, B), 1e-9 * e)]
    assert said(capsys, lambda e, B: 1.00001e-9 * e, tiny) == RIGHT
    assert said(capsys, lambda e, B: 1.001e-9 * e, tiny) != RIGHT
    assert said(capsys, lambda e, B: 0.0, [((e, B), 0.0)]) == RIGHT
    assert said(capsys, lambda e, B: e * np.nan, [((e, B), e * np.nan)]) == RIGHT


def test_the_arguments_stay_as_they_are(capsys):
    """So do random numbers: each call finds the same."""
    rng, before = np.random.default_rng(0), e.copy()
    cases = [((rng, e), np.random.default_rng(0).normal(size=2))]

    def answer(rng, e):
        e *= 0
        return rng.normal(size=2)

    for _ in range(2):
        assert said(capsys, answer, cases, {"uniform": lambda rng, e: rng.random(2)}) == RIGHT
    assert np.array_equal(e, before)


def test_an_author_needs_a_case_and_a_mistake():
    with pytest.raises(ValueError, match="cases must be at least one"):
        check_exercise(empty, [], MISTAKES)
    with pytest.raises(ValueError, match="mistakes must be a dict of at least one"):
        check_exercise(empty, CASES, {})


# That of every chapter: the hole, each named mistake, and the solution in its fold.


def tags_of(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", ())


def exercises_of(path):
    """Return of each exercise in a notebook the cells of hole and check, and the solution."""
    cells, found = jupytext.read(path).cells, []
    for place, cell in enumerate(cells):
        if "exercise" in tags_of(cell):
            check, fold = cells[place + 1 : place + 3]
            assert "exercise-check" in tags_of(check), f"after the hole comes its check:\n{cell}"
            solution = FOLD.search(fold.source)
            assert solution, f"after the check comes the solution, in its fold:\n{fold}"
            found.append((cell.source, check.source, solution[1]))
    return found


def imports_of(path):
    """Return what the cells of a notebook import, as code."""
    code = [
        c
        for c in jupytext.read(path).cells
        if c.cell_type == "code" and "bootstrap" not in tags_of(c)
    ]
    nodes = [node for cell in code for node in ast.parse(cell.source).body]
    return "\n".join(ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom))


EXERCISES = [
    pytest.param(path, *cells, id=f"{path.stem}-{number}")
    for path in [TEMPLATE, *SOURCES]
    for number, cells in enumerate(exercises_of(path), start=1)
]


@pytest.mark.parametrize(("path", "hole", "check", "solution"), EXERCISES)
def test_the_exercises_of_every_chapter(capsys, monkeypatch, path, hole, check, solution):
    """By themselves: the cells need nothing of their chapter but what it imports."""
    calls = []

    def spy(*given):
        calls.append(given)
        check_exercise(*given)

    monkeypatch.setattr(exercises, "check_exercise", spy)

    def run(*cells):
        """Return the line that these cells print."""
        names = {}
        exec(imports_of(path), names)
        for cell in cells:
            exec(cell, names)
        (line,) = capsys.readouterr().out.splitlines()
        return line.partition(": ")[2]

    assert run(hole, check) == OPEN
    assert run(hole, solution, check) == RIGHT
    (_, cases, mistakes), *_ = calls
    assert [said(capsys, mistake, cases, mistakes) for mistake in mistakes.values()] == [
        f"not yet, {words}" for words in mistakes
    ]


@pytest.mark.parametrize("path", [TEMPLATE, *SOURCES], ids=lambda path: path.stem)
def test_the_exercises_of_a_chapter_are_few_and_short(path):
    found = exercises_of(path)
    assert len(found) <= MOST_EXERCISES
    for cells in found:
        for cell in cells:
            assert len([line for line in cell.splitlines() if line.strip()]) <= MOST_LINES
            assert max(map(len, cell.splitlines())) <= 80
    folds = sum(len(FOLD.findall(cell.source)) for cell in jupytext.read(path).cells)
    assert folds == len(found)


def test_the_template_has_an_exercise():
    assert len(exercises_of(TEMPLATE)) == 1
