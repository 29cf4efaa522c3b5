"""The long tests: what `make test` does for seconds, for minutes. Writes figures for the book.

It ends with an error, and writes nothing, at the first kill that loses something, the first
damaged checkpoint that is read and the first garbage that is neither refused nor used correctly.
"""

import argparse
import contextlib
import io
import json
import platform
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

from damage import count_refusals, cuts, flips, mixtures
from garbage import CALLS, GARBAGE, attempt, is_slow, names_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kill_and_resume import SETTINGS, broken_off, kill
from replication import difference_of_orders, difference_of_precisions

KILLS, MIXTURES, GARBAGE_CALLS, SLOW_CALLS = 2000, 20_000, 2000, 200


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the JSON file to write")
    target = parser.parse_args().target.absolute()
    figures = {"python": platform.python_version(), "numpy": version("numpy")}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        rounding = (difference_of_precisions, difference_of_orders)
        for part in (kills, damaged_checkpoints, garbage, *rounding):
            found = part()
            print(*(f"{name} {value}" for name, value in found.items()), sep="\n", flush=True)
            figures |= found
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def kills():
    """Kill training again and again."""
    return kill(KILLS, ".")


def damaged_checkpoints():
    """Cut every checkpoint at every byte, flip every bit, and mix stretches of it."""
    tried = refused = 0
    for rule in SETTINGS:
        path = broken_off(rule, Path(f"{rule}.checkpoint"), 5)
        content = path.read_bytes()
        for damaged in (cuts(content), flips(content), mixtures(content, MIXTURES)):
            changed = [one for one in damaged if one != content]
            tried, refused = tried + len(changed), refused + count_refusals(content, changed)
    return {"damaged_checkpoints": tried, "damaged_checkpoints_refused": refused}


def garbage():
    """Call every public function with garbage in the place of some of its arguments."""
    answers = []
    for function in CALLS:
        examples = SLOW_CALLS if is_slow(function) else GARBAGE_CALLS
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            throw_at(function, examples, answers)
    counts = {"functions": len(CALLS), "garbage_calls": len(answers)}
    return counts | {"garbage_refused": sum(answers)}


def throw_at(function, examples, answers):
    """Call one function with garbage; append to ``answers`` whether each was refused."""
    unhurried = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}

    @settings(max_examples=examples, **unhurried)
    @given(st.dictionaries(st.sampled_from(names_of(function)), GARBAGE, min_size=1))
    def throw(replaced):
        answers.append(attempt(function, replaced))

    throw()


if __name__ == "__main__":
    main()
