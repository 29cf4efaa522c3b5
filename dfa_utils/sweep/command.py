"""The command ``dfa-sweep``."""

import argparse
import signal
import sys
import traceback

from dfa_utils.sweep.driver import missing_points, prepare, run_sweep
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.folder import read_point
from dfa_utils.sweep.grid import parse_options, read_grid_file
from dfa_utils.sweep.report import say
from dfa_utils.sweep.summary import print_summary

EXAMPLE = """\
example:
  dfa-sweep notebooks/single_run --grid learning_rate=0.01,0.1 --grid "seeds=[1],[2]" --out rates
  dfa-sweep summarize rates"""


def main(arguments=None):
    """Run the command; its status is 1 where points have failed, 2 where it cannot go on."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # What ends a job on a cluster ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments[:1] == ["summarize"]:
            sys.exit(_summarize(arguments[1:]))
        sys.exit(_sweep(arguments))
    except (SweepError, OSError) as error:  # the latter of a disk that is full, and the like
        print(f"dfa-sweep: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception:
        traceback.print_exc()
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted: start it again to do what is missing", file=sys.stderr)
        sys.exit(130)


def _sweep(arguments):
    """Plan and run, or show; return the status."""
    parser = argparse.ArgumentParser(
        prog="dfa-sweep",
        description="Execute a notebook at every point of a grid; `dfa-sweep summarize DIR` "
        "prints what came of it.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("notebook", metavar="NOTEBOOK", help="with or without ending")
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=VALUE,VALUE",
        help="a parameter and its values, in YAML; in the place of those of the file",
    )
    parser.add_argument("--grid-file", metavar="GRID.yml", help="blocks of points")
    parser.add_argument("--out", required=True, metavar="DIR", help="for all results")
    parser.add_argument("--workers", type=_positive, help="on this machine; by default all cores")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that exists")
    parser.add_argument("--dry-run", action="store_true", help="show the points, run nothing")
    options = parser.parse_args(arguments)
    if options.scheduler and options.workers:
        parser.error("--workers is for this machine, --scheduler for a cluster: give one of them")

    block = parse_options(options.grid)
    blocks = read_grid_file(options.grid_file) if options.grid_file else [{}]
    blocks = [from_file | block for from_file in blocks]
    if options.dry_run:
        return _show(options.notebook, blocks, options.out)
    outcome = run_sweep(
        options.notebook,
        blocks,
        options.out,
        scheduler=options.scheduler,
        workers=options.workers,
    )
    say(f"{outcome.done} done, {outcome.failed} failed: {options.out}/table.csv")
    return 1 if outcome.failed else 0


def _show(notebook, blocks, out):
    """Print the points and how each stands."""
    _, plan, out = prepare(notebook, blocks, out)
    varied = plan.varied
    for point in plan.points:
        state = (read_point(out, point.name)[0] or {"state": "missing"})["state"]
        say(f"{state:7} {plan.label(point, varied)}")
    say(f"{len(plan.points)} points, {len(missing_points(out, plan))} to be run")
    return 0


def _summarize(arguments):
    """Print the summary of a sweep and draw it; return the status."""
    parser = argparse.ArgumentParser(
        prog="dfa-sweep summarize", description="Print means with spread, draw marginal plots."
    )
    parser.add_argument("out", metavar="DIR", help="of a sweep")
    parser.add_argument(
        "--record",
        action="append",
        metavar="NAME",
        help="a record to show; by default those whose names end in error",
    )
    options = parser.parse_args(arguments)
    print_summary(options.out, options.record)
    return 0


def _positive(text):
    """Read a positive integer."""
    if (number := int(text)) < 1:
        raise ValueError
    return number
