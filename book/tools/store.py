"""Store results as package data of the book: a notebook's records, the paper's table, a sweep."""

import argparse
import json
from pathlib import Path

from dfa_utils.chapter.records import read_records
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.folder import read_plan, read_point
from dfa_utils.sweep.grid import read_grid_file
from dfa_utils.sweep.notebook import read_notebook
from dfa_utils.sweep.points import make_plan

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "dfa_utils" / "results"
TABLE = RESULTS / "paper_table"

USUAL_SEEDS = [0, 1, 2]  # of a cell whose file has its name and no more
WANTED_SEEDS = [0, 1, 2, 3, 4]
# Where a run was made and what it left there are no part of what was computed.
PLACE = ("backend", "checkpoint_dir")
# How the records begin that a chapter takes from what is stored already.
QUOTED = ("stored_", "holds_")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("notebook", help="the records of an executed notebook")
    command.add_argument("notebook", type=Path)
    command.add_argument("name", help="such as long_run, for load_results")
    command.add_argument(
        "--note", help="of how it was run, where its last cell does not say it all"
    )
    command.set_defaults(
        run=lambda a: [store_notebook(a.notebook, RESULTS / f"{a.name}.json", a.note)]
    )

    command = commands.add_parser("table", help="the finished points of the paper's table")
    command.add_argument("out", type=Path, help="the folder of a sweep over single_run")
    command.set_defaults(run=lambda a: store_table(a.out, TABLE))

    command = commands.add_parser("sweep", help="all points of a sweep, as one file")
    command.add_argument("out", type=Path, help="the folder of a sweep, all points done")
    command.add_argument("name", help="such as scale_and_rate, for load_sweep")
    command.set_defaults(run=lambda a: [store_sweep(a.out, RESULTS / f"{a.name}.json")])

    command = commands.add_parser("missing", help="the grid of what the paper's table still lacks")
    command.add_argument("--seeds", type=int, nargs="+", default=WANTED_SEEDS)
    command.set_defaults(run=lambda a: ["grids:", *grid_lines(missing_cells(TABLE, a.seeds))])

    arguments = parser.parse_args()
    try:
        print("\n".join(map(str, arguments.run(arguments))) or "nothing is new")
    except (SweepError, ValueError) as error:
        raise SystemExit(f"store.py: {error}") from None


def store_notebook(notebook, target, note=None):
    """Write what an executed notebook has recorded of its own runs; return the file.

    Parameters
    ----------
    notebook, target : Path
    note : str, optional
        Becomes part of the provenance: where parts of a run were made elsewhere, say.

    Returns
    -------
    Path
    """
    records = read_records(notebook)
    own = {name: records[name] for name in records if not name.startswith(QUOTED)}
    if note:
        own["provenance"] |= {"note": note}
    return write_records(own, target)


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

    Raises
    ------
    ValueError
        Before anything is written, if a finished point is no cell of the table, or has some but
        not all of its seeds stored already.
    """
    known, names, found = table_cells(), {}, []
    for point in read_plan(out).points:
        status, records = read_point(out, point.name)
        if not status or status["state"] != "done":
            continue
        cell, seeds = cell_name(point.parameters, known), point.parameters["seeds"]
        stored = names.setdefault(cell, stored_seeds(cell, folder))
        if set(seeds) <= stored:
            continue
        if common := sorted(stored & set(seeds)):
            raise ValueError(f"{cell} has seeds {common} already, and {point.name} has {seeds}")
        stored |= set(seeds)
        found.append((records, folder / f"{file_name(cell, seeds)}.json"))
    return [write_records(records, target) for records, target in found]


def store_sweep(out, target):
    """Write what all points of a sweep have recorded into one file; return it."""
    target.write_text(one_point_a_line(read_sweep(out)), encoding="utf-8")
    return target


def missing_cells(folder, seeds):
    """Return a block for each cell and seed that a folder lacks, one seed after the other."""
    cells = table_cells(with_choices=True)
    stored = {cell: stored_seeds(cell, folder) for _, cell in cells}
    return [
        {name: [value] for name, value in choice.items()} | {"seeds": [[seed]]}
        for seed in seeds
        for choice, cell in cells
        if seed not in stored[cell]
    ]


def grid_lines(blocks):
    """Return the lines of a grid file with these blocks."""
    return [f"- {json.dumps(block)}" for block in blocks]


def table_cells(with_choices=False):
    """Return the cells of the paper's table, each under its name, in the order of its grid.

    Parameters
    ----------
    with_choices : bool
        Whether to give, instead of all parameters, those that the grid chooses.

    Returns
    -------
    list of (dict, str)
        Without seeds and the place of a run.
    """
    blocks = read_grid_file(ROOT / "sweeps" / "paper_table.yml")
    plan = make_plan(read_notebook(ROOT / "notebooks" / "single_run.py"), "single_run", blocks)
    return [
        (protocol(point.choice if with_choices else point.parameters), written(point.parameters))
        for point in plan.points
    ]


def cell_name(parameters, known):
    """Return the name of a cell of the paper's table, such as ``2x800_tanh_dropout_dfa``.

    Feedback alignment as in the paper's released code ends in ``fa_released``.

    Parameters
    ----------
    parameters : dict
        Of a point. One that it does not name had what is now the notebook's default.
    known : list of (dict, str)
        From `table_cells`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If any parameter but the seeds is not that of a cell.
    """
    given, closest = protocol(parameters), None
    for cell, name in known:
        missed = {key: value for key, value in given.items() if cell.get(key, ...) != value}
        if not missed:
            return name
        if closest is None or len(missed) < len(closest):
            closest = missed
    raise ValueError(f"a point is no cell of the paper's table: it has {json.dumps(closest)}")


def protocol(parameters):
    """Return the parameters that make a cell what it is."""
    return {name: v for name, v in parameters.items() if name not in (*PLACE, "seeds")}


def written(parameters):
    """Return the name that the parameters of a cell are written as."""
    sizes = parameters["hidden_sizes"]
    parts = [f"{len(sizes)}x{sizes[0]}", parameters["activation"]]
    parts += ["dropout"] if parameters["dropout_hidden"] else []
    parts += ["adversarial"] if parameters["adversarial_epsilon"] else []
    copied = parameters["feedback_initialiser"] == "weights"
    released = copied or parameters["first_layer_initialiser"] != "same"
    return "_".join([*parts, parameters["rule"], *(["released"] if released else [])])


def file_name(cell, seeds):
    """Return the name of the file of a cell: other seeds than the usual ones are part of it."""
    return cell if seeds == USUAL_SEEDS else "_".join([cell, "seeds", *map(str, seeds)])


def stored_seeds(cell, folder):
    """Return the seeds of a cell that lie in a folder, set of int."""
    files = [folder / f"{cell}.json", *folder.glob(f"{cell}_seeds_*.json")]
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    return {s for text in texts for s in json.loads(text)["provenance"]["parameters"]["seeds"]}


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
    ValueError
        If a point is not done: a map with holes would be taken for the whole.
    """
    plan = read_plan(out)
    varied = plan.varied
    environments, points = [], []
    for point in plan.points:
        status, records = read_point(out, point.name)
        if not status or status["state"] != "done":
            raise ValueError(f"not all is done: {plan.label(point, varied)}")
        environment = {k: v for k, v in records.pop("provenance").items() if k != "parameters"}
        if environment not in environments:
            environments.append(environment)
        own = {name: point.parameters[name] for name in varied}
        place = environments.index(environment)
        points.append({"parameters": own, "environment": place, "records": records})
    common = {k: v for k, v in plan.points[0].parameters.items() if k not in varied}
    return {"parameters": common, "provenance": environments, "points": points}


def write_records(records, target):
    """Write records without the path of a folder that is gone; return the file."""
    parameters = records.get("provenance", {}).get("parameters", {})
    if "checkpoint_dir" in parameters:
        parameters["checkpoint_dir"] = None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(one_record_a_line(records), encoding="utf-8")
    return target


def one_record_a_line(records):
    """Return JSON whose differences can be read: one record a line, in a fixed order."""
    lines = [f"{json.dumps(name)}: {json.dumps(records[name])}" for name in sorted(records)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def one_point_a_line(sweep):
    """Return JSON whose differences can be read: one point a line, in the order of the grid."""
    points = ",\n".join(json.dumps(point) for point in sweep["points"])
    head = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sweep.items() if k != "points"]
    return "{\n" + ",\n".join([*head, f'"points": [\n{points}\n]']) + "\n}\n"


if __name__ == "__main__":
    main()
