"""The folder of a sweep, its table and its summary; nothing is executed here."""

import cProfile
import json
import math
import pstats
import shutil

import numpy as np
import pandas as pd
import pytest
from small_sweep import TRIAL, begin, fail, finish, write_trial

from dfa_utils.sweep.command import main
from dfa_utils.sweep.driver import missing_points, run_sweep
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.execution import check_worker
from dfa_utils.sweep.store import (
    locked,
    read_plan,
)
from dfa_utils.sweep.summary import print_summary, summarize
from dfa_utils.sweep.table import build_table, load_table, write_table


def test_the_plan_is_read_as_it_was_written(tmp_path):
    plan = begin(tmp_path / "out", [{"size": [1, 2], "seeds": [[3]]}, {"rate": [2]}])
    assert read_plan(tmp_path / "out") == plan


def test_a_grid_may_grow_in_its_folder_and_finished_points_stay(tmp_path):
    out = tmp_path / "out"
    first = begin(out, [{"size": [1, 2]}])
    finish(out, first.points[1])
    larger = begin(out, [{"size": [0, 1, 2], "rate": [0.5, 1.5]}])
    assert [p.name for p in larger.points if p not in missing_points(out, larger)] == [
        first.points[1].name
    ]


def test_other_code_makes_all_points_missing_and_refuses_none(tmp_path):
    out = tmp_path / "out"
    finish(out, begin(out, [{"size": [1]}]).points[0])
    changed = begin(out, [{"size": [1]}], TRIAL.replace("rate * size", "rate + size"))
    assert missing_points(out, changed) == changed.points


def test_a_new_parameter_of_the_notebook_had_its_default_before(tmp_path):
    begin(tmp_path / "out", [{"size": [1]}])
    begin(
        tmp_path / "out",
        [{"size": [1, 2]}],
        TRIAL.replace("size: int", 'way: str = "up"  # or down\nsize: int'),
    )


@pytest.mark.parametrize("blocks", [[{"size": [2, 3]}], [{"size": [1], "rate": [3]}]])
def test_a_folder_of_another_grid_is_refused(tmp_path, blocks):
    begin(tmp_path / "out", [{"size": [1, 2]}])
    with pytest.raises(SweepError, match=r"holds another sweep: its point .* is not in this grid"):
        begin(tmp_path / "out", blocks)


def test_a_folder_of_another_notebook_is_refused(tmp_path):
    begin(tmp_path / "out", [{"size": [1]}])
    other = write_trial(tmp_path).rename(tmp_path / "other.py")
    with pytest.raises(SweepError, match="holds a sweep of trial, not of other"):
        run_sweep(other, [{"size": [1]}], tmp_path / "out")


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    write_trial(tmp_path)
    with pytest.raises(SweepError, match="holds something else than a sweep"):
        run_sweep(tmp_path / "trial.py", [{"size": [1]}], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["trial.py"]


def test_a_second_driver_is_kept_out(tmp_path):
    with locked(tmp_path), pytest.raises(SweepError, match="another dfa-sweep is at work"):
        run_sweep(write_trial(tmp_path.parent), [{"size": [1]}], tmp_path)


def test_a_worker_with_other_code_or_without_the_folder_is_refused(tmp_path):
    plan = begin(tmp_path, [{"size": [1]}])
    check_worker(tmp_path, plan.code)
    with pytest.raises(SweepError, match=r"numerical code of .* is not that of the driver"):
        check_worker(tmp_path, "0" * 64)
    with pytest.raises(SweepError, match="the folder must be one that all workers share"):
        check_worker(tmp_path / "elsewhere", plan.code)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--grid", "sise=1"], "has no parameter sise"),
        (["--grid", "rate=1e-4"], "write 1.0e-4"),
        (["--grid", "seeds=1,2"], r"write a list, seeds=[1]; seeds=[1],[1] is two points"),
        ([], "the grid is empty"),
        (["--grid-file", "none.yml"], "none.yml cannot be read"),
        (["--grid", "size=1", "--scheduler", "x", "--workers", "2"], "give one of them"),
        (["--grid", "size=1", "--workers", "0"], "--workers"),
    ],
)
def test_what_cannot_be_run_is_said_before_any_work(tmp_path, capsys, options, message):
    with pytest.raises(SystemExit) as end:
        main([str(write_trial(tmp_path)), "--out", str(tmp_path / "out"), *options])
    assert end.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_dry_run_shows_the_points_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "grid.yml").write_text("fixed: {size: 2}\ngrids: [{rate: [1, 2]}, {task: [wait]}]")
    arguments = [str(write_trial(tmp_path)), "--grid-file", str(tmp_path / "grid.yml")]
    arguments += ["--grid", "size=5", "--out", str(tmp_path / "out"), "--dry-run"]
    with pytest.raises(SystemExit) as end:
        main(arguments)
    lines = [line.split("  ")[1:] for line in capsys.readouterr().out.splitlines()]
    assert lines == [["rate=1.0"], ["rate=2.0"], ["task=wait"], []]
    assert end.value.code == 0 and not (tmp_path / "out").exists()


@pytest.fixture
def finished(tmp_path):
    """A folder of six points: one has failed, one is missing."""
    plan = begin(tmp_path, [{"rate": [0.5, 5.0, 50], "seeds": [[0, 1], [2]]}])
    for place, point in enumerate(plan.points):
        seeds = point.parameters["seeds"]
        errors = [point.parameters["rate"] + seed for seed in seeds]
        if place < 4:
            records = {"a_error": sum(errors) / len(errors), "a_error_std": 0.7}
            records |= {"a_error_per_seed": errors, "loss": place, "curve": [[1, 2], [3, 4]]}
            records |= {"provenance": {"numpy": "2", "parameters": point.parameters}}
            finish(tmp_path, point, **records, exact=place > 1)
    fail(tmp_path, plan.points[4])
    return tmp_path


def test_the_table_has_a_row_for_each_point_and_seed(finished):
    table, about = build_table(finished)
    assert table["seed"].tolist() == [0, 1, 2] * 3
    assert table["rate"].tolist() == [0.5] * 3 + [5.0] * 3 + [50.0] * 3
    assert table["state"].tolist() == ["done"] * 6 + ["failed"] * 2 + ["missing"]
    assert table["a_error"].tolist()[:6] == [0.5, 1.5, 2.5, 5.0, 6.0, 7.0]
    assert table["loss"].tolist()[:6] == [0, 0, 1, 2, 2, 3]
    assert table["a_error"].isna().tolist() == [False] * 6 + [True] * 3
    assert table["error"].dropna().unique().tolist() == ["ValueError: no"]
    assert not {"curve", "a_error_std", "a_error_per_seed", "provenance"} & set(table.columns)
    assert about["per_seed"] == ["a_error"]
    assert about["environments"] == [{"environment": {"numpy": "2"}, "points": 4}]


def test_the_table_is_the_same_in_both_files(finished):
    write_table(finished)
    table, _ = build_table(finished)
    pd.testing.assert_frame_equal(load_table(finished), table)
    read = pd.read_csv(finished / "table.csv")
    assert read.columns.tolist() == table.columns.tolist()
    np.testing.assert_array_equal(
        read["a_error"], table["a_error"].to_numpy(float, na_value=np.nan)
    )
    assert table.dtypes.astype(str)[["seed", "size", "rate", "exact"]].tolist() == [
        *("Int64", "Int64", "float64", "boolean")
    ]
    assert json.loads((finished / "table.json").read_text())["notebook"] == "trial"


def test_the_summary_is_the_mean_over_seeds_wherever_they_were_run(finished):
    means = summarize(finished, ["a_error", "loss"])
    assert means["rate"].tolist() == [0.5, 5.0, 50.0]
    assert means["a_error"].tolist()[:2] == [1.5, 6.0] and math.isnan(means["a_error"][2])
    assert means["a_error_std"].tolist()[:2] == [1.0, 1.0]
    assert means["a_error_count"].tolist() == [3, 3, 0]
    # What is recorded once for a point counts once, however many seeds the point has.
    assert means["loss"].tolist()[:2] == [0.5, 2.5]
    assert means["loss_count"].tolist() == [2, 2, 0]
    with pytest.raises(SweepError, match=r"no record b; there are .*a_error"):
        summarize(finished, ["b"])


def test_the_summary_is_printed_and_drawn(finished, capsys):
    print_summary(finished)
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    words = [[word.strip() for word in line if word.strip()] for line in lines]
    assert words[:4] == [["rate", "a_error"], ["0.5 1.5 ± 1 (3)"], *words[2:4]]
    assert words[4] == ["4 done, 1 failed, 1 missing"]
    picture = (finished / "marginals_a_error.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert [path.name for path in finished.glob("*.png")] == ["marginals_a_error.png"]


def test_a_folder_without_a_sweep_is_not_summarised(tmp_path):
    with pytest.raises(SweepError, match="is not the folder of a sweep"):
        print_summary(tmp_path)


def calls(tmp_path, count):
    """Return how many functions are called to plan, skip and summarise a sweep that is done."""
    out = tmp_path / str(count)
    for point in begin(out, [{"size": list(range(count))}]).points:
        finish(out, point, a_error=1.0, a_error_per_seed=[0.5, 1.5])
    profile = cProfile.Profile()
    with profile:
        outcome = run_sweep(
            write_trial(tmp_path), [{"size": list(range(count))}], out, report=lambda line: None
        )
        summarize(out)
    assert outcome.done == count
    shutil.rmtree(out)
    return pstats.Stats(profile).total_calls


def test_the_books_are_kept_in_linear_time(tmp_path):
    calls(tmp_path, 10)  # what is imported and kept at the first time
    few, more, many = (calls(tmp_path, count) for count in (50, 150, 350))
    assert many - more == pytest.approx(2 * (more - few), rel=0.1)
