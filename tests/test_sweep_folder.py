"""The folder of a sweep, its table and its summary; nothing is executed here."""

import cProfile
import json
import math
import os
import pstats
import shutil
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from small_sweep import TRIAL, begin, fail, finish, write_trial

from dfa_utils.sweep import command, driver, folder
from dfa_utils.sweep.command import main
from dfa_utils.sweep.driver import missing_points, prepare, run_sweep
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.execution import check_worker
from dfa_utils.sweep.folder import damaged_points, locked, point_folder, read_plan
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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("status.json", ""),
        ("status.json", '{"state": "do'),
        ("status.json", "[]"),
        ("status.json", "\0" * 50),
        ("records.json", ""),
        ("records.json", '{"a_error": [1.0, '),
        ("records.json", None),
    ],
)
def test_a_point_whose_files_are_not_whole_is_missing_and_is_named(tmp_path, name, content):
    plan = begin(tmp_path, [{"size": [1, 2]}])
    for point in plan.points:
        finish(tmp_path, point, a_error=1.0)
    path = point_folder(tmp_path, plan.points[0].name) / name
    path.write_text(content) if content is not None else path.unlink()
    assert missing_points(tmp_path, plan) == plan.points[:1]
    assert damaged_points(tmp_path, plan.points) == plan.points[:1]
    assert build_table(tmp_path)[0]["state"].unique().tolist() == ["missing", "done"]
    assert summarize(tmp_path)["a_error_count"].tolist() == [0, 1]


def test_a_damaged_point_is_said_and_done_again(tmp_path, monkeypatch):
    plan = begin(tmp_path, [{"size": [1]}])
    finish(tmp_path, plan.points[0], a_error=1.0)
    (point_folder(tmp_path, plan.points[0].name) / "records.json").write_text("")
    (tmp_path / "sweep.json").write_text("")
    lines = []
    monkeypatch.setattr(driver, "connect", lambda *arguments: nullcontext())
    monkeypatch.setattr(driver, "_run", lambda *arguments: lines.append("it runs"))
    run_sweep(write_trial(tmp_path.parent), [{"size": [1]}], tmp_path, report=lines.append)
    assert lines[0] == f"{tmp_path / 'sweep.json'} was empty or cut: it is written anew"
    assert lines[2].endswith(f"empty or cut, and are done again: {plan.points[0].name}")
    assert lines[3] == "it runs" and read_plan(tmp_path) == plan


@pytest.mark.parametrize("names", [[".lock", "notebook.ipynb"], [".lock"], ["sweep.json"]])
def test_a_folder_whose_beginning_broke_off_is_begun_again(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    plan = begin(tmp_path, [{"size": [1]}])
    assert read_plan(tmp_path) == plan


def test_a_notebook_that_is_no_sweeps_is_not_written_over(tmp_path):
    (tmp_path / "notebook.ipynb").touch()
    with pytest.raises(SweepError, match="holds something else than a sweep"):
        begin(tmp_path, [{"size": [1]}])


@pytest.mark.parametrize("content", ["", '{"notebook": "trial", "co', '{"notebook": "trial"}', "3"])
def test_a_damaged_plan_is_named(tmp_path, content):
    (tmp_path / "sweep.json").write_text(content)
    with pytest.raises(SweepError, match=r"sweep\.json is damaged: start the sweep again"):
        summarize(tmp_path)


def status_of(*arguments):
    """Run the command in this process; return its status."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return end.value.code


def test_what_keeps_a_sweep_from_going_on_ends_it_with_2(tmp_path, capsys, monkeypatch):
    trial, grid = write_trial(tmp_path), ["--grid", "size=1"]
    assert status_of(trial, *grid, "--out", "/dev/null/x") == 2
    assert "Not a directory" in capsys.readouterr().err
    (tmp_path / "empty.ipynb").touch()
    assert status_of(tmp_path / "empty", *grid, "--out", tmp_path / "out") == 2
    assert "cannot be read as a notebook" in capsys.readouterr().err
    (tmp_path / "empty.py").touch()
    assert status_of(tmp_path / "empty.py", *grid, "--out", tmp_path / "out") == 2
    assert "has no parameter size; it has none" in capsys.readouterr().err

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(folder, "write_whole", full)
    assert status_of(trial, *grid, "--out", tmp_path / "out") == 2
    assert "No space left on device" in capsys.readouterr().err
    monkeypatch.setattr(command, "run_sweep", lambda *arguments, **options: 1 / 0)
    assert status_of(trial, *grid, "--out", tmp_path / "out") == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_summary_of_nothing_says_so(tmp_path, capsys):
    plan = begin(tmp_path, [{"size": [1, 2, 3]}])
    fail(tmp_path, plan.points[0])
    assert status_of("summarize", tmp_path) == 2
    said = capsys.readouterr()
    assert f"nothing is done in {tmp_path} yet: 2 missing, 1 failed" in said.err
    assert "DataFrame" not in said.out
    finish(tmp_path, plan.points[1], name="a text")
    assert status_of("summarize", tmp_path) == 2
    assert "records no number" in capsys.readouterr().err


def test_a_path_may_begin_at_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    _, plan, out = prepare(write_trial(tmp_path), [{"size": [1]}], "~/out")
    assert out == tmp_path / "out"
    finish(begin(out, [{"size": [1]}]) and out, plan.points[0], a_error=1.0)
    assert summarize("~/out")["a_error"].tolist() == [1.0]
    write_table("~/out")
    assert len(load_table("~/out")) == 2 and not (tmp_path / "~").exists()


def test_a_terminal_that_knows_ascii_alone_ends_nothing(tmp_path):
    out = tmp_path / "\N{GREEK SMALL LETTER EPSILON}"
    finish(out, begin(out, [{"size": [1]}]).points[0], a_error=1.0, a_error_per_seed=[0.5, 1.5])
    trial = write_trial(tmp_path)
    for arguments, words in (
        (["summarize", out], "1 +- 0.71 (2)"),
        ([trial, "--grid", "size=1", "--out", out], r"1 done, 0 failed: "),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "dfa_utils.sweep", *arguments],
            env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert words in done.stdout


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
        (["--grid", "seeds=[1,1]"], "seeds must be distinct, got [1, 1]"),
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
    few, more, many = (calls(tmp_path, count) for count in (25, 75, 175))
    assert many - more == pytest.approx(2 * (more - few), rel=0.05)
