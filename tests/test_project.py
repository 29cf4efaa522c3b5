"""What holds for the files as they are committed: pairs, parameters, badges, texts, profiles."""

import ast
import re
import shlex
import subprocess
import sys

import jupytext
import nbformat
import papermill.cli
import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))

# Roles {cite:p}`x`, directives ```{note} and :::{note}, targets (x)=, {{ x }}, comments with %.
MYST = re.compile(
    r"(?<!`)\{[\w:-]+\}`|^\s*(?:`{3,}|:{3,})\s*\{|^:{3,}\s*$|^\([\w-]+\)=|\{\{.*?\}\}|^%\s",
    re.MULTILINE,
)


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
    """The path of each notebook's source."""
    return request.param


def content(notebook):
    """Return what must agree between the two forms of a notebook."""
    return [
        (cell.cell_type, cell.source, {k: v for k, v in cell.metadata.items() if k != "id"})
        for cell in notebook.cells
    ]


def texts(notebook):
    """Return the text of every Markdown cell."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_every_source_has_its_pair_and_every_pair_its_source():
    pairs = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert SOURCES
    assert [path.stem for path in pairs] == [path.stem for path in SOURCES]


def test_pair_is_in_sync(source):
    pair = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert content(jupytext.read(source)) == content(pair), "run: make sync"
    assert pair.metadata.kernelspec.name == "python3"


def test_committed_notebook_has_no_outputs(source):
    pair = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    for cell in pair.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell.source


def test_help_lists_every_parameter(source):
    (cell,) = (c for c in jupytext.read(source).cells if "parameters" in c.metadata.get("tags", ()))
    names = [line.target.id for line in ast.parse(cell.source).body]
    path = source.with_suffix(".ipynb")
    done = CliRunner().invoke(papermill.cli.papermill, ["--help-notebook", str(path)])
    listed = re.findall(r"^  (\w+): \S.*", done.output, re.MULTILINE)
    assert listed == names, done.output
    for name, parameter in papermill.inspect_notebook(str(path)).items():
        assert parameter["inferred_type_name"] != "None", name
        assert parameter["help"], name


def test_badge_opens_this_notebook_in_the_configured_repository(source):
    first = jupytext.read(source).cells[0]
    repository = CONFIG["repository"]
    address = repository["url"].replace("https://github.com/", "/github/")
    notebook = f"{address}/blob/{repository['branch']}/notebooks/{source.stem}.ipynb"
    (link,) = re.findall(r"\]\((https://[^)]*)\)$", first.source)
    assert link == CONFIG["launch_buttons"]["colab_url"] + notebook
    assert first.metadata["tags"] == ["remove-cell"]


def test_one_sentence_under_the_title_sums_the_chapter_up(source):
    title, summary, *_ = texts(jupytext.read(source))[1].split("\n\n")
    assert title.startswith("# ")
    assert re.fullmatch(r"[A-Z][^.?!\n*]{40,200}\.", summary)


def test_text_reads_the_same_everywhere(source):
    for text in texts(jupytext.read(source)):
        assert not MYST.search(text), text


@pytest.mark.parametrize(
    "text",
    ["see {ref}`x`", "```{note}\nx\n```", ":::{note}\nx\n:::", "(label)=", "{{ first.number }}"],
)
def test_myst_is_noticed(text):
    assert MYST.search(text)


def test_plain_markdown_is_not_taken_for_myst():
    text = "$W_{l+1}^T$, $$\\hat y_{ik}$$, `{x}`, a [link](x)\n```bash\nmake\n```\n| a |\n| --- |"
    assert not MYST.search(text)


def test_figures_have_alternative_text_without_numbers(source):
    drawing = re.compile(r"^(?!from|import).*\bplot_\w+\(", re.MULTILINE)
    plots = [cell for cell in jupytext.read(source).cells if drawing.search(cell.source)]
    assert plots
    for cell in plots:
        shown = cell.metadata["mystnb"]
        alt, caption = shown["image"]["alt"], shown["figure"]["caption"]
        assert len(alt.split()) > 8 and caption.endswith(".")
        assert not re.search(r"\d+\.\d|\d\s*%", alt + caption), "a measured number"


def test_profiles_name_notebooks_and_their_parameters():
    known = {
        source.stem: set(papermill.inspect_notebook(jupytext.read(source))) for source in SOURCES
    }
    profiles = sorted((ROOT / "book" / "profiles").glob("*.yml"))
    assert {"smoke", "book", "paper"} <= {profile.stem for profile in profiles}
    for profile in profiles:
        for notebook, parameters in (yaml.safe_load(profile.read_text("utf-8")) or {}).items():
            assert set(parameters) <= known[notebook], profile
            for name, value in parameters.items():
                assert not re.fullmatch(r"[\d.]+e-?\d+", str(value)), f"{name}: YAML reads text"


def test_constraints_are_exact_and_name_no_machine():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) > 100
    for pin in pins:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)?", pin), pin


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_the_linter_has_nothing_to_say(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def papermill_commands(text):
    """Return the words of every papermill command in a text that runs a notebook."""
    one_line = text.replace("\\\n", " ")
    commands = re.findall(r"papermill (notebooks/\S+\.ipynb [^`\n]*)", one_line)
    return [shlex.split(command) for command in commands]


@pytest.mark.parametrize(
    "path", [*SOURCES, *ROOT.glob("book/*.md"), ROOT / "README.md"], ids=lambda path: path.stem
)
def test_worked_commands_name_parameters_and_values_that_fit(path):
    if path.suffix == ".py":
        text = "\n\n".join(texts(jupytext.read(path)))
    else:
        text = path.read_text("utf-8")
    for notebook, output, *options in papermill_commands(text):
        known = papermill.inspect_notebook(str(ROOT / notebook))
        assert output.endswith(".ipynb")
        given = {}
        while options:
            option = options.pop(0)
            if option == "-p":
                name, value = options.pop(0), options.pop(0)
                given[name] = yaml.safe_load(value)
            else:
                assert option == "-y", option
                given |= yaml.safe_load(options.pop(0))
        assert given and set(given) <= set(known), (notebook, given)
        for name, value in given.items():
            kind = known[name]["inferred_type_name"]
            expected = {"int": int, "float": (int, float), "str": str}.get(kind, object)
            # A shell variable stands for a value that is not known here.
            assert isinstance(value, expected) or str(value).startswith("$"), (name, value)


def test_papermill_commands_are_found_over_several_lines():
    text = "x\n```bash\n.venv/bin/papermill notebooks/a.ipynb b.ipynb \\\n    -p c 'd e'\n```\n"
    assert papermill_commands(text) == [["notebooks/a.ipynb", "b.ipynb", "-p", "c", "d e"]]


def test_no_pickle_is_read():
    """Nor anything else that executes what it reads."""
    folders = ("dfa_utils", "book/tools", "benchmarks")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 30
    for source in sources:
        text = source.read_text("utf-8")
        assert not re.search(
            r"\b(import (pickle|dill|joblib|shelve)|torch\.load|yaml\.load)\b", text
        )
        assert "allow_pickle=True" not in text, source
        assert text.count("np.load(") == len(re.findall(r"np\.load\(.*allow_pickle=False", text))
