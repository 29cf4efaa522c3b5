"""Print a grid of the cells of the paper's table that are not stored yet, for `dfa-sweep`."""

import json

from store import RESULTS
from store_table import FOLDER, cell_name

from dfa_utils.sweep.grid import read_grid_file
from dfa_utils.sweep.plan import make_plan, read_notebook

ROOT = RESULTS.parents[1]


def main():
    print("grids:", *(f"- {json.dumps(block)}" for block in missing_cells(FOLDER)), sep="\n")


def missing_cells(folder):
    """Return a block for each cell of which a folder has no file, list of dict."""
    blocks = read_grid_file(ROOT / "sweeps" / "paper_table.yml")
    plan = make_plan(read_notebook(ROOT / "notebooks" / "single_run"), "single_run", blocks)
    return [
        {name: [value] for name, value in point.choice.items()}
        for point in plan.points
        if not (folder / f"{cell_name(point.parameters)}.json").exists()
    ]


if __name__ == "__main__":
    main()
