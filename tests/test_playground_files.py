"""What the playground writes: its settings into an address."""

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
