"""The workflows: no mistake, no danger, and every step a command that also runs here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SCRIPT = re.compile(r"bash (\.ci/\w+)")
TARGET = re.compile(r"make (?:--silent |-j2 )*([\w-]+)(?: >> \"\$GITHUB_STEP_SUMMARY\")?")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    """Each workflow, as a dict."""
    return yaml.safe_load(request.param.read_text("utf-8"))


def steps_of(workflow):
    """Return the steps of all jobs of a workflow."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def run(*command, **settings):
    """Run a command at the root of the tree."""
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, **settings
    )


@pytest.mark.parametrize(
    "command",
    [
        ("jactionlint", "--shellcheck=", "--pyflakes=", "--strict-exit"),
        ("zizmor", "--offline", "--persona=auditor", "--collect=all", str(GITHUB)),
        ("codespell",),
    ],
    ids=lambda command: command[0],
)
def test_the_linters_have_nothing_to_say(command):
    program = Path(sys.executable).parent / command[0]
    done = run(program, *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "- run: echo ${{ github.event.pull_request.title }}",
        "- uses: actions/cache@v6",
        "- runs: make test",
    ],
)
def test_the_linters_notice(tmp_path, line):
    text = (GITHUB / "workflows" / "ci.yml").read_text("utf-8")
    path = tmp_path / ".github" / "workflows" / "ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("- run: bash .ci/run", line))
    folder = Path(sys.executable).parent
    first = run(folder / "jactionlint", "--shellcheck=", "--pyflakes=", path)
    second = run(folder / "zizmor", "--offline", "--persona=auditor", path)
    assert first.returncode or second.returncode


def test_every_step_is_a_command_that_also_runs_here(workflow):
    for step in steps_of(workflow):
        command = step.get("run")
        if command is None:
            assert "uses" in step
        elif script := SCRIPT.fullmatch(command):
            assert (ROOT / script[1]).is_file(), command
        elif step.get("if") == "failure()":
            assert command.startswith("echo '")  # only says what to do
        else:
            target = TARGET.fullmatch(command)
            assert target, command
            assert re.search(rf"^{target[1]}:.*##", MAKEFILE, re.MULTILINE), command


def test_actions_are_pinned_by_commit_with_their_version(workflow):
    for step in steps_of(workflow):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
    for path in WORKFLOWS:
        for line in path.read_text("utf-8").splitlines():
            assert "uses:" not in line or re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_one_version_of_each_action():
    used = {
        step["uses"]
        for path in WORKFLOWS
        for step in steps_of(yaml.safe_load(path.read_text()))
        if "uses" in step
    }
    assert len(used) == len({use.split("@")[0] for use in used})


def test_a_checkout_keeps_no_credentials(workflow):
    for step in steps_of(workflow):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_nothing_is_permitted_but_by_a_job(workflow):
    assert workflow["permissions"] == {}
    written = {
        (name, kind)
        for name, job in workflow["jobs"].items()
        for kind, level in job["permissions"].items()
        if level != "read"
    }
    assert written <= {("deploy", "pages"), ("deploy", "id-token"), ("report", "issues")}


def test_no_expression_reaches_a_shell(workflow):
    for step in steps_of(workflow):
        assert "${{" not in step.get("run", "")


def test_a_pull_request_never_runs_on_the_owners_machine():
    publish = yaml.safe_load((GITHUB / "workflows" / "publish.yml").read_text("utf-8"))
    build = publish["jobs"]["build"]
    for place in (build["runs-on"], build["env"]["BOOK_RUNNER"]):
        assert place.startswith("${{ github.event_name != 'pull_request' && vars.BOOK_RUNNER ||")
    assert "pull_request_target" not in publish[True]  # `on` is true in YAML
    assert "github.event_name != 'pull_request'" in publish["jobs"]["deploy"]["if"]


@pytest.mark.parametrize("name", ["publish", "weekly"])
def test_forks_neither_publish_nor_open_issues(name):
    repository = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    jobs = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text("utf-8"))["jobs"]
    for job in jobs.values():
        assert "needs" in job or job["if"] == f"github.repository == '{repository}'"


def test_the_tests_run_with_every_version_that_is_supported():
    matrix = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text("utf-8"))
    assert matrix["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_jupyter_book_stays_where_it_is():
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text("utf-8"))["updates"]
    (python,) = (update for update in updates if update["package-ecosystem"] == "pip")
    assert {"dependency-name": "jupyter-book", "versions": [">=2"]} in python["ignore"]


@pytest.mark.parametrize("runner", ["", "a100"])
def test_a_line_says_where_the_book_is_executed(runner):
    done = run("make", "--silent", "where", env=os.environ | {"BOOK_RUNNER": runner})
    (line,) = done.stdout.splitlines()
    assert (runner in line) if runner else ("on a CPU" in line)


@pytest.mark.parametrize(
    ("is_open", "expected"), [("12", "issue comment 12"), ("", "issue create")]
)
def test_a_failure_is_reported_once(tmp_path, is_open, expected):
    log = tmp_path / "log"
    (tmp_path / "gh").write_text(
        f'#!/bin/sh\necho "$@" >> {log}\ncase "$2" in list) echo "{is_open}";; esac\n'
    )
    (tmp_path / "gh").chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    env |= {"RUN_ADDRESS": "https://a.org/run", "RESULTS": "links: failure; $(touch x) `touch y`"}
    done = run("make", "report-failure", env=env)
    assert done.returncode == 0, done.stderr
    asked, told = log.read_text().split("issue ")[1:]
    assert asked.startswith("list --state open")
    assert f"issue {told}".startswith(expected)
    assert "https://a.org/run" in told and "$(touch x) `touch y`" in told


def test_room_is_made_on_a_hosted_runner_alone():
    env = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    assert "nothing is removed" in run("bash", ".ci/make_room", env=env).stdout


def test_the_forms_are_complete():
    bug = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8"))
    assert any("python -m dfa_utils" in field["attributes"]["description"] for field in bug["body"])
    for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text("utf-8"))
        if path.stem == "config":
            (link,) = form["contact_links"]
            assert link["url"] == f"{CONFIG['repository']['url']}/discussions"
        else:
            assert form["name"] and form["description"]
            assert len({field["id"] for field in form["body"]}) == len(form["body"])


def test_hooks_have_the_versions_of_the_constraints():
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "constraints.txt").read_text(), re.M))
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    versions = {repo["repo"].rpartition("/")[2]: repo.get("rev", "").lstrip("v") for repo in hooks}
    assert versions["ruff-pre-commit"] == pins["ruff"]
    assert versions["codespell"] == pins["codespell"]
    assert {"nbstripout", "local"} <= set(versions)
    (strip,) = (repo["hooks"][0] for repo in hooks if repo["repo"].endswith("nbstripout"))
    assert strip["args"] == ["--keep-id"]  # else it undoes what make sync writes
