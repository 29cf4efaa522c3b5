"""Store the records of an executed notebook as package data, for `load_results`."""

import argparse
import json
from pathlib import Path

from dfa_utils.records import read_records

RESULTS = Path(__file__).resolve().parents[2] / "dfa_utils" / "results"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path, help="the executed notebook")
    parser.add_argument("name", help="such as paper_table/2x800_tanh_dfa")
    arguments = parser.parse_args()
    target = RESULTS / f"{arguments.name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(one_record_a_line(read_records(arguments.notebook)), encoding="utf-8")
    print(target)


def one_record_a_line(records):
    """Return JSON whose differences can be read: one record a line, in a fixed order."""
    lines = [f"{json.dumps(name)}: {json.dumps(records[name])}" for name in sorted(records)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
