"""The page that says when, where and with what each notebook ran."""

import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT, book_tool

from dfa_utils.chapter.records import read_records

status, contents = book_tool("status"), book_tool("contents")
PROVENANCE = {
    "array library": "numpy on CPU, x86_64",
    "python": "3.13.0",
    "numpy": "2.4.6",
    "commit": "abc1234",
    "BLAS threads": "1",
    "parameters": {"rule": "dfa", "seeds": [0, 1], "train_samples": None},
}
ON_GPU = PROVENANCE | {"array library": "cupy on NVIDIA H100, x86_64", "cupy-cuda13x": "14.2.0"}
CHAPTERS = [contents.Notebook(name, name.upper(), "") for name in ("one", "two", "absent")]


def write_executed(path, provenance, seconds=200.0):
    """Write an executed notebook that holds two records."""
    outputs = [
        nbformat.v4.new_output(
            "display_data",
            {"application/papermill.record/application/json": json.dumps(value)},
            metadata={"scrapbook": {"name": name}},
        )
        for name, value in (("provenance", provenance), ("seconds", seconds))
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])
    notebook.metadata["papermill"] = {"end_time": "2026-11-26T23:31:22.5+09:00"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def runs(tmp_path):
    """What two notebooks say of their runs."""
    paths = [tmp_path / f"{name}.ipynb" for name in ("one", "two")]
    return status.runs_of([write_executed(path, PROVENANCE) for path in paths])


def test_the_table_says_when_where_and_how_long(runs):
    head, _, first, second = status.status_table(CHAPTERS, runs).splitlines()
    assert head == "| chapter | ended (UTC) | on | took |"
    assert first == (
        "| [ONE](../notebooks/one.ipynb) | 2026-11-26 14:31 | numpy on CPU, x86_64 | 3 min |"
    )
    assert second.startswith("| [TWO]")


def test_equal_versions_are_listed_once(runs):
    text = "All chapters: python 3.13.0, numpy 2.4.6, commit abc1234."
    runs["one"]["provenance"] = PROVENANCE | {"timings": {"step, DFA": 0.9}}
    assert status.versions_list(CHAPTERS, runs) == text
    runs["two"]["provenance"] = PROVENANCE | {"numpy": "2.0.2"}
    first, second = status.versions_list(CHAPTERS, runs).splitlines()
    assert "[ONE]" in first and "numpy 2.4.6" in first
    assert "[TWO]" in second and "numpy 2.0.2" in second


def test_parameters_stand_as_they_would_be_written(runs):
    first, _ = status.parameters_list(CHAPTERS, runs).splitlines()
    assert first.endswith(": `rule=dfa`, `seeds=[0, 1]`, `train_samples=null`")


def test_a_gpu_is_named_with_its_cupy(runs):
    assert status.gpu_line(runs) == "On a GPU: never, in this build."
    runs["two"]["provenance"] = ON_GPU
    line = "On a GPU: cupy on NVIDIA H100, x86_64 (cupy-cuda13x 14.2.0)."
    assert status.gpu_line(runs) == line


def test_the_built_page_has_every_notebook(smoke_book):
    assert smoke_book.status == "0", smoke_book.output
    page = BeautifulSoup(
        (smoke_book.html / "book" / "status.html").read_text("utf-8"), "html.parser"
    )
    rows = page.select_one("#runs table, #status-runs table").tbody.find_all("tr")
    assert len(rows) == len(contents.notebooks(ROOT))
    for one in contents.notebooks(ROOT):
        provenance = read_records(smoke_book.executed / f"{one.name}.ipynb")["provenance"]
        (item,) = (
            item
            for item in page.select("#parameters li")
            if one.title.replace("'", "’") in item.text.replace("'", "’")
        )
        assert len(item.find_all("code")) == len(provenance["parameters"])
