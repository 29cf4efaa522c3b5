"""Compare all records of two builds of the same notebooks, and that both show the same outputs."""

import argparse
import sys
from pathlib import Path

import nbformat

from dfa_utils.chapter.records import read_records

# How long it took and on what differs between builds; the parameters are compared.
OF_THE_BUILD = ("seconds",)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path, help="a folder of executed notebooks")
    parser.add_argument("second", type=Path, help="another")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        help="by how much two numbers may differ, in the unit of the record; by default not at all",
    )
    arguments = parser.parse_args()
    folders = (arguments.first, arguments.second)
    first, second = map(read_folder, folders)
    shown, shown_again = map(outputs_of, folders)
    differences = [
        *compare(first, second, arguments.tolerance),
        *compare(shown, shown_again, tolerance=0),
    ]
    if differences:
        sys.exit("\n".join(["The two builds differ:", *differences]))
    allowed = f"within {arguments.tolerance:g}" if arguments.tolerance else "to the bit"
    count = sum(map(len, first.values()))
    print(f"{count} records of {len(first)} notebooks are the same {allowed}.")
    outputs = sum(len(kinds) for cells in shown.values() for kinds in cells.values())
    print(f"{outputs} outputs are there in both.")


def read_folder(folder):
    """Return the records to compare, by notebook and name.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to dict
    """
    notebooks = sorted(folder.glob("*.ipynb"))
    if not notebooks:
        sys.exit(f"{folder} has no executed notebook")
    return {notebook.stem: records_to_compare(read_records(notebook)) for notebook in notebooks}


def outputs_of(folder):
    """Return of what kind the outputs of each cell are; what they hold is in the records.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to dict
        By notebook and cell: a list of texts, such as ``"image/svg+xml"`` or ``"stdout"``.
    """
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        cells = enumerate(nbformat.read(path, as_version=4).cells, start=1)
        found[path.stem] = {
            f"cell {number}": kinds for number, cell in cells if (kinds := kinds_of(cell))
        }
    return found


def kinds_of(cell):
    """Return the names of the streams and the types of the data of a cell, in their order."""
    kinds = []
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":  # in how many pieces it came is a matter of chance
            kinds += [output.name] if kinds[-1:] != [output.name] else []
        else:
            kinds += sorted(output.get("data", ()))
    return kinds


def records_to_compare(records):
    """Return the records without those that say how and when the notebook was executed."""
    kept = {name: value for name, value in records.items() if name not in OF_THE_BUILD}
    if "provenance" in kept:
        kept["provenance"] = kept["provenance"]["parameters"]
    return kept


def compare(first, second, tolerance, place=""):
    """Yield a line for each difference between two nested values.

    Parameters
    ----------
    first, second : dict, list, float, int, str or None
    tolerance : float
        Two numbers may differ by so much; by default zero, and then equal means to the bit.
    place : str
        Where they stand.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            if name in first and name in second:
                yield from compare(first[name], second[name], tolerance, f"{place} {name}".strip())
            else:
                yield f"{place} {name}: only in the {'first' if name in first else 'second'}"
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, pair in enumerate(zip(first, second, strict=True)):
            yield from compare(*pair, tolerance, f"{place}[{number}]")
    elif not same(first, second, tolerance):
        yield f"{place}: {first!r} and {second!r}"


def same(first, second, tolerance):
    """Tell whether two values are equal, or numbers that differ by at most the tolerance."""
    if is_number(first) and is_number(second):
        return abs(first - second) <= tolerance
    return type(first) is type(second) and first == second


def is_number(value):
    """Tell numbers from all else; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


if __name__ == "__main__":
    main()
