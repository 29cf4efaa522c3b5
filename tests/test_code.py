"""The digest of the code that decides numbers: what counts in it, and that versions agree."""

import functools
import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import numpy as np
import pytest
from conftest import ROOT

from dfa_utils import DFA, RULES, RMSprop
from dfa_utils.chapter import code
from dfa_utils.chapter.code import (
    digest_of_files,
    digest_of_notebook,
    digest_of_object,
    digest_of_source,
)
from dfa_utils.validation import Checked

# Each is Python's own, as its version manager installs it.
PYTHONS = [
    python
    for version in ("3.11", "3.12", "3.13")
    for python in [
        *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
        *filter(None, [shutil.which(f"python{version}")]),
    ][:1]
]

SEND = """
def send(step):
    {}
    return step.error @ step.feedback
"""


@pytest.mark.parametrize(
    "line",
    [
        '"""Send an error."""',
        "# A word on this.",
        "pass",
        'check("error", step.error)',
        'validation.check_instance("step", step, Step)',
        'print(f"{step.loss:8.3f}")',
        "self.report(step)",
        "assert step.error.ndim == 3",
        'if step.error.ndim != 3:\n        raise ValueError(f"{step.error.ndim} axes")',
        'if step is None:\n        refuse("step", "a step", step)',
        'for part in step:\n        check_instance("part", part, Part)',
        "from dfa_utils.validation import check",
        'def check_shape(array):\n        print("well")\n        if not array:\n'
        '            raise ValueError("no")',
    ],
)
def test_what_only_explains_checks_or_prints_does_not_count(line):
    assert digest_of_source(SEND.format(line)) == digest_of_source(SEND.format(""))


@pytest.mark.parametrize(
    "line",
    [
        "step.error = -step.error",
        "step = check(step)",
        "if step.error.ndim != 3:\n        step = 3",
        "if step.error.ndim != 3:\n        raise ValueError\n    else:\n        step = 3",
        "if (step := 3) != 3:\n        raise ValueError",
        "if step.last:\n        raise StopIteration",
        "try:\n        if a:\n            raise KeyError\n    except KeyError:\n        a = 3",
        "for _ in step.losses:\n        pass",
        "checkpoint(step)",
        "from dfa_utils.losses import cross_entropy",
        "def check_shape(array):\n        return 3",
    ],
)
def test_what_may_change_a_number_counts(line):
    assert digest_of_source(SEND.format(line)) != digest_of_source(SEND.format(""))


def test_layout_does_not_count_and_what_is_no_python_counts_by_its_letters():
    assert digest_of_source("a = f( 1,\n 2 )") == digest_of_source("a=f(1,2) # two")
    assert digest_of_source("!ls") != digest_of_source("!ls .")
    assert digest_of_source("None") != digest_of_source("a = None")
    assert digest_of_source("a = None") != digest_of_source("a = 0") != digest_of_source("a = 0.0")


ALL_DIGESTS = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("code_digests", "dfa_utils/chapter/code.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
digests = {name: module.digest_of_source(text) for name, text in json.load(sys.stdin).items()}
sys.path.insert(0, sys.argv[1])
import rules_of_a_reader
digests["rule"] = module.digest_of_object(rules_of_a_reader.Mine(0.5))
print(json.dumps(digests, sort_keys=True))
"""
# Forms in which the trees of these versions differ.
TEXTS = [
    'f"{x!r:>{width}}" f"{y}" "a" f"{{}}"',
    'f"{x:}" f"{x=}" f"{x = !s}"',
    'f"a" "b" f"{x}c" "d"',
    'f""',
    'f"{x:%H:%M}{1.5e300:.2e}"',
    "class A: pass\nx: int\nlambda: 0\nx = 1j\n...\nmatch x:\n    case [1, *_]: y = 1",
]
READERS = '''
"""Rules of a reader's own."""

from dataclasses import dataclass, field

GAIN = 2.0


def strengthen(error):
    """Make an error larger."""
    return GAIN * error


class Base:
    LARGEST = 3

    def send(self, step):
        """Send."""
        return strengthen(step.error)

    @property
    def name(self):
        return f"{type(self).__name__}"


@dataclass(frozen=True, order=True)
class Mine(Base):
    rate: float = 0.1
    scales: tuple = field(default=(1, 2.0))

    def __post_init__(self):
        if self.rate < 0:
            raise ValueError("no")

    def adapt(self, step):
        return [super().send(step) * scale for scale in self.scales]
'''


def test_versions_of_python_agree(tmp_path):
    (tmp_path / "rules_of_a_reader.py").write_text(READERS)
    tops = ("dfa_utils", "book", "tests", "notebooks", "benchmarks")
    paths = [path for top in tops for path in (ROOT / top).rglob("*.py")]
    texts = {str(path): path.read_text(encoding="utf-8") for path in paths}
    texts |= {text: text for text in TEXTS}
    pythons = [str(path) for path in PYTHONS] or [sys.executable]
    answers = {
        python: subprocess.run(
            [python, "-c", ALL_DIGESTS, tmp_path],
            cwd=ROOT,
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for python in pythons
    }
    digests = [json.loads(answer) for answer in answers.values()]
    assert len(digests[0]) > 100
    for other in digests[1:]:
        assert [name for name in other if other[name] != digests[0][name]] == []


def reader_module(folder, text=READERS, name="rules_of_a_reader"):
    """Return a module of a reader's own."""
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("GAIN * error", "-GAIN * error", False),  # in what a method of a base uses
        ("GAIN = 2.0", "GAIN = 3.0", False),
        ("LARGEST = 3", "LARGEST = 4", False),
        ("* scale", "/ scale", False),
        ("class Mine", "class Other", False),
        ("rate: float = 0.1", "rate: float = 0.2", True),  # the value is given
        ("(1, 2.0)", "(1, 2.5)", False),
        ("Send.", "Send it.", True),
        ("self.rate < 0", "self.rate < -1", True),
        ("Make an error", "Let an error be", True),
    ],
)
def test_an_object_is_known_by_its_code_and_its_fields(tmp_path, before, after, same):
    assert before in READERS
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = reader_module(tmp_path / "a", name="first_rules")
    other = reader_module(tmp_path / "b", READERS.replace(before, after), "other_rules")
    rule = getattr(other, "Mine", None) or other.Other
    assert (digest_of_object(first.Mine(0.5)) == digest_of_object(rule(0.5))) is same


def test_the_values_of_fields_count():
    @dataclass(frozen=True)
    class Uniform:
        scale: object = 1.0

        def __call__(self, rng):
            return rng.random() * self.scale

    @dataclass
    class Rule:
        feedback: object = field(default_factory=Uniform)

    values = [1.0, 1, True, None, "1.0", (1.0,), {"a": 1.0}, np.ones(2), np.float32(1.0)]
    digests = {digest_of_object(Rule(Uniform(value))) for value in values}
    assert len(digests) == len(values)
    assert digest_of_object(Rule()) == digest_of_object(Rule(Uniform(1.0)))
    assert digest_of_object(Uniform) != digest_of_object(Uniform(1.0))


def test_how_a_value_is_checked_does_not_count(monkeypatch):
    before = digest_of_object(DFA()), digest_of_object(RMSprop(0.1))
    monkeypatch.setattr(Checked, "MEANINGS", {"scale": "rate"})
    monkeypatch.setattr(Checked, "__post_init__", lambda self: None)
    assert (digest_of_object(DFA()), digest_of_object(RMSprop(0.1))) == before


@pytest.mark.parametrize("name", RULES)
def test_the_rules_of_the_package_have_digests_of_their_own(name):
    others = [digest_of_object(rule()) for other, rule in RULES.items() if other != name]
    assert digest_of_object(RULES[name]()) not in others


def test_what_has_no_source_is_refused_in_one_line():
    space = {}
    exec("class Rule:\n    def send(self, step):\n        return step", space)
    for thing in (space["Rule"], space["Rule"](), lambda x: x, functools.partial(print), len):
        with pytest.raises(ValueError, match=r"^.* must be code whose source .*: define it .*$"):
            digest_of_object(thing)


KERNEL = """
# %%
from dataclasses import dataclass
from dfa_utils.chapter.code import digest_of_object
SIGN = 1

# %%
@dataclass(frozen=True)
class Mine:
    rate: float = 0.5
    def send(self, step):
        return SIGN * step.error * self.rate
first = digest_of_object(Mine())

# %%
@dataclass(frozen=True)
class Mine:
    rate: float = 0.5
    def send(self, step):
        "With a word more."
        return SIGN * step.error * self.rate
same = digest_of_object(Mine())

# %%
@dataclass(frozen=True)
class Mine:
    rate: float = 0.5
    def send(self, step):
        return -SIGN * step.error * self.rate
turned = digest_of_object(Mine())

# %%
SIGN = -1
assert first == same != turned != digest_of_object(Mine()), (first, same, turned)
"""


def test_a_class_in_a_cell_is_known_by_its_content(tmp_path):
    from nbclient import NotebookClient

    NotebookClient(jupytext.reads(KERNEL, "py:percent"), kernel_name="python3").execute()


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("training.py", False),
        ("array/rng.py", False),
        ("data/datasets.py", False),
        ("data/sources.py", True),
        ("data/files.py", True),
        ("validation/limits.py", True),
        ("figures/style.py", True),
        ("chapter/records.py", True),
        ("sweep/grid.py", True),
        ("__init__.py", True),
        ("__main__.py", True),
    ],
)
def test_the_rooms_that_decide_numbers_count(tmp_path, monkeypatch, path, same):
    for name in ("training.py", "array/rng.py", "data/datasets.py", path):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1")
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    before = code.digest_of_rooms.__wrapped__()
    (tmp_path / path).write_text("a = 2")
    assert (code.digest_of_rooms.__wrapped__() == before) is same


def test_a_module_is_known_by_its_name(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    before = digest_of_files([tmp_path / "a.py"])
    assert digest_of_files([(tmp_path / "a.py").rename(tmp_path / "b.py")]) != before


def test_the_cells_with_parameters_and_with_prose_do_not_count():
    text = "# %% [markdown]\n# Title\n\n# %% tags={}\na = {}\n\n# %%\nb = {}\n"

    def digest(*values):
        return digest_of_notebook(jupytext.reads(text.format(*values), "py:percent"))

    first = digest('["parameters"]', 1, 2)
    assert digest('["parameters"]', 3, 2) == first != digest('["parameters"]', 1, 3)
    assert digest('["other"]', 1, 2) != digest('["other"]', 3, 2)
