"""Benchmarks: all competitors do the same mathematics, and every path of a run works.

No test looks at how long anything took.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from itertools import chain
from typing import ClassVar

import numpy as np
import pytest
from conftest import ROOT, book_tool
from small_data import random_dataset

from benchmarks.__main__ import SIZES
from benchmarks.cases import FULL, LEARNING_RATES, QUICK, RULES, Case, case_from
from benchmarks.competitors import COMPETITORS, competitor, runs
from benchmarks.competitors.products import products_of_step
from benchmarks.competitors.project import ProjectOnGPU
from benchmarks.experiments import EXPERIMENTS, compare_devices
from benchmarks.headlines import headline_numbers, multiply_adds
from benchmarks.machine import gpu
from benchmarks.measure import available_cores, environment, measure_in_turns, workers
from benchmarks.pictures import FIGURES
from benchmarks.problem import pose_problem
from benchmarks.tables import device_table, epoch_table
from dfa_utils import load_results
from dfa_utils.array import cuda_is_available
from dfa_utils.losses import LOSSES
from dfa_utils.network import Layer, Network
from dfa_utils.rules import RULES as LEARNING_RULES
from dfa_utils.rules import Step

CASE = Case(hidden_sizes=(7, 6), rule="bp", dataset="clusters", images=200, batch_size=16)
LEARNERS = [name for name in COMPETITORS if name not in ("products", "project")]
RATES = {"sgd": 0.1, "rmsprop": 1e-3}  # larger than in the plan, so that a few steps lead far
TOLERANCE = 1e-5
HAS_COMPILER = shutil.which(os.environ.get("CXX", "g++")) is not None


def whole_pixels(case):
    """Return a problem whose pixels are whole numbers of 0 to 255, as in MNIST."""
    dataset = random_dataset(dtype="float32", train=case.images, features=20)
    pixels = np.rint(np.clip(dataset.train_images + 1, 0, 2) / 2 * 255)
    images = (pixels / 255 * 2 - 1).astype(np.float32)
    return pose_problem(case, replace(dataset, image_shape=(4, 5), train_images=images))


def trained(name, problem):
    """Return the sums of an epoch, and the parameters after it, of a competitor."""
    subject = competitor(name)(problem)
    sums = [float(np.squeeze(value)) for value in subject.train_epoch(1)]
    return sums, flattened(subject.params())


def flattened(layers):
    """Return weights and biases in one list, without axes of length one."""
    return [np.squeeze(array) for layer in layers for array in layer]


@pytest.mark.parametrize("optimizer", RATES)
@pytest.mark.parametrize("rule", ["bp", "dfa"])
@pytest.mark.parametrize("name", LEARNERS)
def test_every_competitor_trains_as_the_project_does(name, rule, optimizer, monkeypatch):
    monkeypatch.setitem(LEARNING_RATES, optimizer, RATES[optimizer])
    case = replace(CASE, rule=rule, optimizer=optimizer)
    if not runs(name, case):
        return
    if name == "jax_scan":
        pytest.importorskip("jax")
    if name == "pytorch_compiled" and not HAS_COMPILER:
        pytest.skip("no C++ compiler for torch.compile")
    problem = whole_pixels(case)
    expected_sums, expected = trained("project", problem)
    sums, arrays = trained(name, problem)
    assert sums == pytest.approx(expected_sums, rel=1e-4)
    for array, target, start in zip(arrays, expected, flattened(problem.params), strict=True):
        assert np.abs(target - start).max() > 20 * TOLERANCE
        np.testing.assert_allclose(array, target, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("backend", ["torch", pytest.param("cupy", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("rule", ["bp", "dfa"])
def test_on_a_gpu_the_project_trains_the_same(rule, backend, monkeypatch):
    monkeypatch.setattr(ProjectOnGPU, "backend", backend)
    problem = whole_pixels(replace(CASE, rule=rule))
    expected_sums, expected = trained("project", problem)
    sums, arrays = trained("project_on_gpu", problem)
    assert sums == pytest.approx(expected_sums, rel=1e-4)
    for array, target in zip(arrays, expected, strict=True):
        np.testing.assert_allclose(array, target, rtol=0, atol=TOLERANCE)


def test_a_device_that_does_not_answer_is_named_and_the_others_are_timed():
    plan = replace(QUICK, devices=QUICK.devices[:1], rounds=1)
    (row,) = compare_devices(plan)
    places = {"one_thread", "all_threads", "gpu"}
    assert set(row["seconds"]) | set(row["errors"]) == places
    assert set(row["errors"]) == (set() if cuda_is_available() else {"gpu"})
    table = device_table({"devices": [row], "plan": {"whole": plan.whole}})
    assert table.splitlines()[-1].startswith("| 3x8, SGD | ")
    assert gpu()["cupy"] and gpu()["gpu"]


def test_products_are_those_of_the_projects_step():
    for rule in RULES:
        case = replace(CASE, rule=rule)
        problem = whole_pixels(case)
        sizes = [20, *case.hidden_sizes, 3]
        triples = products_of_step(problem, sizes, case.batch_size)
        for left, right, out in triples:
            np.matmul(left, right, out=out)
        timed = Counter((left.shape[-2:], right.shape[-2:]) for left, right, _ in triples)
        assert timed == step_products(problem)


class Watched(np.ndarray):
    """An array that notes the shapes of the matrices that are multiplied."""

    seen: ClassVar = Counter()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [np.asarray(array) for array in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(np.asarray(array) for array in kwargs["out"])
        if ufunc is np.matmul:
            self.seen[tuple(array.shape[-2:] for array in plain)] += 1
        return getattr(ufunc, method)(*plain, **kwargs).view(Watched)


def step_products(problem):
    """Return the shapes of the matrices that one step of this project multiplies."""
    Watched.seen = Counter()
    params = [Layer(*(array.view(Watched) for array in layer)) for layer in problem.params]
    data, rows = problem.dataset, slice(problem.case.batch_size)
    x, targets = data.train_images[None, rows].view(Watched), data.train_targets[None, rows]
    network, loss = Network.between(data, problem.case.hidden_sizes), LOSSES["cross_entropy"]
    step = Step.at(network, params, problem.feedback, x, targets, loss)
    errors = LEARNING_RULES[problem.case.rule]().send(step)
    for inputs, error in zip(step.forward.inputs, errors, strict=True):
        inputs.mT @ error  # what the optimizer multiplies
    return Watched.seen


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory):
    """What a quick run printed, and its results."""
    pytest.importorskip("jax")
    path = tmp_path_factory.mktemp("benchmark") / "results" / "quick.json"
    command = [sys.executable, "-m", "benchmarks", path, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(path.read_text("utf-8"))


def test_quick_run_times_everything(quick_run):
    printed, results = quick_run
    assert set(results) == {"provenance", "plan", "seconds", *EXPERIMENTS}
    rounds = results["plan"]["rounds"]
    for row in [*results["epochs"], *chain(*results["varied"].values())]:
        assert not row["errors"] or not HAS_COMPILER
        assert all(len(times) == rounds for times in row["seconds"].values())
    for row in results["epochs"]:
        case = case_from({field.name: row[field.name] for field in fields(Case)})
        answered = {*row["seconds"], *row["errors"]}
        assert answered == {name for name in COMPETITORS if runs(name, case)}
        assert set(row["errors"]) <= {"pytorch_compiled"}
        assert row["threads"] in row["thread_pools"]["project"].values()
    assert {len(times) for times in results["divided"]["seconds"].values()} == {rounds}
    for row in results["training"]:
        for run in row["runs"]:
            assert not run["torch"]
            assert run["peak_bytes"] > 1e7
    assert results["provenance"]["libraries"]["numpy"] == np.__version__
    assert f"\n{epoch_table(results)}\n" in printed


def test_pages_can_show_a_run(quick_run, tmp_path):
    _, results = quick_run
    assert set(headline_numbers(results)) == set(headline_numbers(load_results("benchmark")))
    for name, draw in FIGURES.items():
        book_tool("diagrams").write_svg(draw(results), tmp_path / name)
        assert "<svg" in (tmp_path / name).read_text("utf-8")


def test_stored_run_is_whole():
    stored = load_results("benchmark")
    assert stored["plan"] == json.loads(json.dumps({name: getattr(FULL, name) for name in SIZES}))
    for row in [*stored["epochs"], *chain(*stored["varied"].values())]:
        assert row["errors"] == {}


def test_a_competitor_that_fails_is_named_and_the_others_are_timed():
    case = replace(CASE, dataset="digits", optimizer="unknown")
    with workers(("products", "project"), available_cores()[:1]) as started:
        row = measure_in_turns(started, case, rounds=1)
        assert row["errors"] == {"project": "KeyError: 'unknown'"}
        assert len(row["seconds"]["products"]) == 1

        started["products"].process.kill()
        row = measure_in_turns(started, replace(case, optimizer="sgd"), rounds=1)
        assert list(row["errors"]) == ["products"]
        assert "ended" in row["errors"]["products"]
        assert len(row["seconds"]["project"]) == 1


def test_a_process_finds_what_this_one_finds(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert environment(1)["PYTHONPATH"] == f"{ROOT}{os.pathsep}/elsewhere"
    monkeypatch.delenv("PYTHONPATH")
    assert environment(1)["PYTHONPATH"] == str(ROOT)


def test_a_process_computes_on_as_many_threads_as_it_has_cores():
    cores = available_cores()
    for used in (cores[:1], cores):
        with workers(["products"], used) as started:
            row = measure_in_turns(started, replace(CASE, dataset="digits"), rounds=1)
        assert set(row["thread_pools"]["products"].values()) == {len(used)}


def test_counted_products_agree_with_the_measured_ones():
    for rule in RULES:
        problem = whole_pixels(replace(CASE, rule=rule))
        products = products_of_step(problem, [20, *CASE.hidden_sizes, 3], 1)
        counted = sum(left[0].size * right.shape[-1] for left, right, _ in products)
        assert counted == multiply_adds(CASE.hidden_sizes, rule, features=20, classes=3)
