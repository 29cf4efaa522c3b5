"""What the playground writes: its settings into an address, its curves into files."""

import csv
import io
import itertools
import json
import re

import pytest
from in_node import in_node

#: Ends of addresses, and what is read from them; all else is as at first.
HOSTILE = {
    "": {},
    "what-to-try": {},
    "rules=": {"rules": []},
    "rules=kp,bp,bp,,": {"rules": ["bp", "kp"]},  # in the order of the page
    "rules=BP,<script>alert(1)</script>": {},
    "rules=__proto__,constructor,toString": {},
    "rules=bp%2Cdrtp&seed=3": {"rules": ["bp", "drtp"], "seed": 3},
    "rules=np,wm": {},  # of the book, but not of this page
    "seed=5": {},
    "seed=-1&init_scale=0": {"init_scale": 0},
    "seed=0x1&seed=2": {},  # the first counts
    "learning_rate=1e9": {},
    "learning_rate=NaN&feedback_scale=Infinity&weight_decay=null": {},
    "hidden_sizes=32,32,": {},
    "hidden_sizes=1000000": {},
    "hidden_sizes=100,100&angles=matrices": {"hidden_sizes": [100, 100], "angles": "matrices"},
    'angles="><img src=x onerror=alert(1)>': {},
    "__proto__[seed]=1&__proto__=1&constructor=1": {},
    "init_scale=%E0%A4%A&rules=%00%ff%": {},
    "&&&===#?%%%": {},
    "rules=" + "bp," * 100_000 + "&seed=1": {"rules": ["bp"], "seed": 1},
}
OF_NO_SETTINGS = ("", "what-to-try", "__proto__[seed]=1&__proto__=1&constructor=1", "&&&===#?%%%")


@pytest.fixture(scope="module")
def choices(scripts):
    """By name: what each setting may be, and what it is at first."""
    described = in_node(scripts, {"describe": {"sizes": [4, 3, 2], "seed": 0, "scale": 1}})
    found = {name: (values, usual) for name, (_, values, usual) in described["choices"].items()}
    offered = [rule for rule, _ in described["offered"]]
    some = [[], offered[:1], offered[::2], offered]
    return {"rules": (some, ["bp", "fa", "dfa"])} | found


def test_whatever_an_address_says_the_settings_are_ones_that_can_be_chosen(scripts, choices):
    usual = {name: value for name, (_, value) in choices.items()}
    read = in_node(scripts, {"addresses": list(HOSTILE)})
    for found, (address, said) in zip(read, HOSTILE.items(), strict=True):
        assert found["settings"] == usual | said, address[:80]
        assert found["says"] == (
            re.search("(^|&)(rules|[a-z]+_[a-z]+|seed|angles)=", address) is not None
        )


def test_settings_come_back_from_an_address_as_they_went(scripts, choices):
    """Each value of each control beside the first values of the others, and all second ones."""
    wholes = []
    for name, (values, _) in choices.items():
        first = {other: values[0] for other, (values, _) in choices.items()}
        wholes += [first | {name: value} for value in values]
    wholes.append({name: values[1] for name, (values, _) in choices.items()})
    texts = [
        "&".join(
            f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
            for name, value in whole.items()
        )
        for whole in wholes
    ]
    for found, whole, text in zip(
        in_node(scripts, {"addresses": texts}), wholes, texts, strict=True
    ):
        assert found == {"settings": whole, "text": text, "says": True}
        assert re.fullmatch(r"[\w=&,.]+", text)  # nothing that a chat or a mail would break


@pytest.fixture(scope="module")
def downloaded(scripts):
    """What is offered after two epochs, and the curves that are shown."""
    address = "rules=bp,drtp,ss,kp&hidden_sizes=4,4&init_scale=0&weight_decay=0.003&seed=2"
    return in_node(scripts, {"download": {"address": address, "epochs": 2}})


def number(cell):
    """Return the number of a cell of a CSV file, None where it is empty."""
    return float(cell) if cell else None


def angles_of(kind, layer):
    """Return a function that finds one kind of angle of one hidden layer among a run's curves."""
    return lambda curves: curves["angles"][kind][layer]


def test_the_files_hold_the_curves_that_are_shown(downloaded):
    table, again = downloaded["files"]
    rows = list(csv.DictReader(io.StringIO(table["text"])))
    assert [(row["rule"], row["epoch"]) for row in rows] == list(
        itertools.product(["bp", "drtp", "ss", "kp"], "012")
    )
    columns = {"train_error_percent": lambda curves: curves["trainError"]}
    columns["test_error_percent"] = lambda curves: curves["testError"]
    for name, kind in (("error", "errors"), ("matrix", "matrices")):
        for layer in (0, 1):
            columns[f"{name}_angle_layer_{layer + 1}_degrees"] = angles_of(kind, layer)
    for curves in downloaded["curves"]:
        for column, points_of in columns.items():
            points = {point["epoch"]: point["value"] for point in points_of(curves)}
            assert len(points) == (2 if column.startswith("train") else 3)
            found = [number(row[column]) for row in rows if row["rule"] == curves["rule"]]
            assert found == [points.get(epoch) for epoch in range(3)], column
    settings = {"init_scale": "0", "feedback_scale": "0.3", "learning_rate": "0.1"}
    settings |= {"weight_decay": "0.003", "hidden_sizes": "4,4", "seed": "2", "batch_size": "32"}
    assert all(settings.items() <= row.items() for row in rows)
    assert set(rows[0]) == {"rule", "epoch", *columns, *settings}
    # And the other file says the same.
    told = json.loads(again["text"])
    assert [list(row) for row in told] == [list(row) for row in rows]
    for ours, theirs in zip(told, rows, strict=True):
        for name, value in ours.items():
            words = "" if value is None else str(value).strip("[]").replace(" ", "")
            assert words == theirs[name] or value == float(theirs[name])


def test_the_names_of_the_files_say_what_they_are(downloaded):
    stem = "dfa-playground-bp-drtp-ss-kp-layers-4-4-seed-2-epochs-2"
    kinds = [(file["name"], file["type"]) for file in downloaded["files"]]
    assert kinds == [(f"{stem}.csv", "text/csv"), (f"{stem}.json", "application/json")]
