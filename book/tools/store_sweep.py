"""Store the points of a sweep as package data, for `load_sweep`."""

import argparse
import json
from pathlib import Path

from store import RESULTS

from dfa_utils.sweep.store import point_folder, read_json, read_plan, read_status


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder of a sweep, all points done")
    parser.add_argument("name", help="such as scale_and_rate")
    arguments = parser.parse_args()
    target = RESULTS / f"{arguments.name}.json"
    target.write_text(one_point_a_line(read_sweep(arguments.out)), encoding="utf-8")
    print(target)


def read_sweep(out):
    """Collect what the points of a sweep have recorded.

    Parameters
    ----------
    out : Path
        The folder of the sweep.

    Returns
    -------
    dict
        ``parameters``, those that all points have in common; ``provenance``, the environments in
        which they were computed, most often one; ``points``, for each its own ``parameters``, its
        ``records``, and ``environment``, its place among the former.

    Raises
    ------
    SystemExit
        If a point is not done: a map with holes would be taken for the whole.
    """
    plan = read_plan(out)
    varied = plan.varied
    environments, points = [], []
    for point in plan.points:
        status = read_status(out, point.name)
        if not status or status["state"] != "done":
            raise SystemExit(f"not all is done: {plan.label(point, varied)}")
        records = read_json(point_folder(out, point.name) / "records.json")
        environment = {k: v for k, v in records.pop("provenance").items() if k != "parameters"}
        if environment not in environments:
            environments.append(environment)
        own = {name: point.parameters[name] for name in varied}
        place = environments.index(environment)
        points.append({"parameters": own, "environment": place, "records": records})
    common = {k: v for k, v in plan.points[0].parameters.items() if k not in varied}
    return {"parameters": common, "provenance": environments, "points": points}


def one_point_a_line(sweep):
    """Return JSON whose differences can be read: one point a line, in the order of the grid."""
    points = ",\n".join(json.dumps(point) for point in sweep["points"])
    head = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sweep.items() if k != "points"]
    return "{\n" + ",\n".join([*head, f'"points": [\n{points}\n]']) + "\n}\n"


if __name__ == "__main__":
    main()
