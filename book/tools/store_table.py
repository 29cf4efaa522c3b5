"""Store the finished points of the paper's table, each under the name of its cell."""

import argparse
from pathlib import Path

from store import RESULTS, one_record_a_line

from dfa_utils.sweep.store import point_folder, read_json, read_plan, read_status

FOLDER = RESULTS / "paper_table"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder of a sweep over single_run")
    arguments = parser.parse_args()
    for path in store_table(arguments.out, FOLDER):
        print(path)


def store_table(out, folder):
    """Write the records of each finished point that is not stored yet.

    Parameters
    ----------
    out, folder : Path
        The folder of the sweep, and the one to write to.

    Returns
    -------
    list of Path
        What was written.
    """
    written = []
    for point in read_plan(out).points:
        path = folder / f"{cell_name(point.parameters)}.json"
        status = read_status(out, point.name)
        if status and status["state"] == "done" and not path.exists():
            records = read_json(point_folder(out, point.name) / "records.json")
            path.write_text(one_record_a_line(records), encoding="utf-8")
            written.append(path)
    return written


def cell_name(parameters):
    """Return the name of a cell, such as ``2x800_tanh_dropout_dfa``.

    Feedback alignment as in the paper's released code ends in ``fa_released``.
    """
    sizes = parameters["hidden_sizes"]
    parts = [f"{len(sizes)}x{sizes[0]}", parameters["activation"]]
    if parameters["dropout_hidden"]:
        parts.append("dropout")
    if parameters["adversarial_epsilon"]:
        parts.append("adversarial")
    parts.append(parameters["rule"])
    if (
        parameters["first_layer_initialiser"] != "same"
        or parameters["feedback_initialiser"] == "weights"
    ):
        parts.append("released")
    return "_".join(parts)


if __name__ == "__main__":
    main()
