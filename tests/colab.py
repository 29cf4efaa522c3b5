"""Run notebooks as Colab would: an empty folder, no checkout, the package from its address.

``python tests/colab.py [NAME...]`` runs the notebooks of these names, or all of them, with the
parameters of the smallest profile. For each there is a new environment, in which Colab's usual
packages are and ``dfa_utils`` is not. The first cell of the notebook then installs it for real,
from an address that Git is told to find in a copy of this working tree.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
# What an installation must leave as it is: a kernel may have loaded it, and much else fits to it.
USUAL = ("numpy", "torch", "scipy", "scikit-learn", "matplotlib", "pandas")
# Not there on Colab: the project, how it is installed for work on it, and what it brings along.
ABSENT = ("dfa_utils", "__editable__", "array_api_compat", "array_api_strict", "cupy", "papermill")
VERSIONS = """
import importlib.metadata, json
found = {}
for each in importlib.metadata.distributions():
    found.setdefault(each.metadata["Name"].lower(), each.version)  # the first is what is imported
print(json.dumps(found))
"""
STORED = """
import dfa_utils
from dfa_utils.chapter.stored import load_results
assert load_results("soak") and load_results("benchmark")
print(dfa_utils.__file__)
"""


@dataclass(frozen=True)
class Outcome:
    """What a notebook's run has left.

    Parameters
    ----------
    before, after : dict of str to str
        The versions of all distributions, by name in small letters.
    package : Path
        The file of the package that was installed.
    notebook : dict
        The executed notebook.
    """

    before: dict
    after: dict
    package: Path
    notebook: dict

    @property
    def changed(self):
        """The usual packages whose versions are others than before, dict of str to pair."""
        pairs = {name: (self.before.get(name), self.after.get(name)) for name in USUAL}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def brought(self):
        """What is there since the first cell, or in another version, list of str."""
        new = set(self.after.items()) - set(self.before.items())
        return sorted(f"{name} {version}" for name, version in new)

    @property
    def printed(self):
        """What the cells have printed, str."""
        return "".join("".join(output.get("text", "")) for output in self._outputs())

    @property
    def shown(self):
        """What the cells show where a picture or more cannot be shown, str."""
        texts = [output.get("data", {}).get("text/plain", "") for output in self._outputs()]
        return "\n".join("".join(text) for text in texts)

    def _outputs(self):
        return [o for cell in self.notebook["cells"] for o in cell.get("outputs", ())]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="notebooks; by default all of them")
    parser.add_argument("--python", default=sys.executable, help="of the environments")
    parser.add_argument(
        "--packages",
        type=Path,
        help="install what this file lists, instead of showing what is here",
    )
    parser.add_argument(
        "--here", action="store_true", help="in the environment that runs this: Colab's own image"
    )
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    wrong = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        repository = copy_as_repository(folder / "repository")
        base = folder / "base"
        if arguments.packages:
            install(arguments.python, arguments.packages, base)
        elif not arguments.here:
            link_packages(Path(sysconfig.get_path("purelib")), base)
        for name in names:
            if arguments.here:
                python = forget_package()
            else:
                python = new_environment(folder / name / "environment", arguments.python, base)
            outcome = run_notebook(name, python, folder / name / "content", repository)
            print(f"{name}: ran; new {', '.join(outcome.brought)}", flush=True)
            wrong += [f"{name}: {package} {pair}" for package, pair in outcome.changed.items()]
    if wrong:
        sys.exit("\n".join(["The first cell changed what it must not:", *wrong]))


def copy_as_repository(target):
    """Commit the files of the working tree to a repository of their own, as its branch main.

    Parameters
    ----------
    target : Path
        A folder that does not exist yet.

    Returns
    -------
    Path
        The folder.
    """
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    git(target, "init", "--quiet", "--initial-branch", "main")
    git(target, "add", "--all", "--force")
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    git(target, *who, "commit", "--quiet", "--no-verify", "--message", "The working tree")
    return target


def git(folder, *arguments):
    """Return what Git prints, whoever owns the folder, and whatever hook calls this."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def link_packages(packages, target):
    """Show the packages of an environment in a folder, but for those that Colab does not have.

    Only links are made. The folder is outside of the new environments: pip replaces nothing in it.
    """
    target.mkdir(parents=True)
    for path in packages.iterdir():
        if not path.name.startswith(ABSENT) and path.suffix != ".pth":
            (target / path.name).symlink_to(path)


def install(python, requirements, target):
    """Install what a file lists into a folder.

    PyTorch comes without its CUDA libraries, which are large: nothing in a run on a CPU loads it,
    and it is there to see that it stays.
    """
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--ignore-installed", f"--target={target}"]
    subprocess.run([*pip, "--requirement", requirements], check=True)
    subprocess.run([*pip, "--no-deps", "torch==2.9.0"], check=True)
    # pip would name what PyTorch misses whenever something is installed.
    (metadata,) = target.glob("torch-*.dist-info/METADATA")
    lines = metadata.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("Requires-Dist:")]
    metadata.write_text("".join(kept), encoding="utf-8")


def new_environment(folder, python, packages):
    """Make an environment in which packages of another folder can be imported.

    Parameters
    ----------
    folder : Path
        A folder that does not exist yet.
    python : str
        The interpreter.
    packages : Path

    Returns
    -------
    Path
        The interpreter of the environment.
    """
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "google" / "colab").mkdir(parents=True)
    (own / "google" / "colab" / "__init__.py").touch()
    # As on Colab, where the kernel has loaded this module before the first cell.
    (own / "colab.pth").write_text(f"{packages}\nimport google.colab\n")
    return folder / "bin" / "python"


def forget_package():
    """Remove the package from the environment that runs this; return its interpreter."""
    command = [sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "dfa_utils"]
    subprocess.run(command, check=True)
    return Path(sys.executable)


def run_notebook(name, python, folder, repository):
    """Run a notebook alone in a folder.

    Parameters
    ----------
    name : str
    python : Path
        The interpreter of an environment without ``dfa_utils``.
    folder : Path
        A folder that does not exist yet: there is no checkout on Colab.
    repository : Path
        Where Git finds what the first cell asks of the project's address.

    Returns
    -------
    Outcome

    Raises
    ------
    subprocess.CalledProcessError
        If a cell failed; what was said is on stderr.
    """
    folder.mkdir(parents=True)
    path = Path(shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder))
    smoke = yaml.safe_load((ROOT / "book" / "profiles" / "smoke.yml").read_text(encoding="utf-8"))
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"][
        "url"
    ]
    env = environment(folder, {f"url.{repository.as_uri()}.insteadOf": address})

    def run(*arguments):
        command = [str(python), *map(str, arguments)]
        return subprocess.run(
            command, cwd=folder, env=env, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    before = json.loads(run("-c", VERSIONS))
    run(HERE / "run_cells.py", path, json.dumps(smoke.get(name) or {}))
    return Outcome(
        before,
        json.loads(run("-c", VERSIONS)),
        Path(run("-c", STORED).strip()),
        json.loads(path.read_text(encoding="utf-8")),
    )


def environment(folder, git_settings):
    """Return the variables of a run: none that lead to this checkout, and settings of Git."""
    hidden = ("PYTHON", "GIT_", "JUPYTER", "IPYTHON", "MPL", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    settings = git_settings | {"safe.directory": "*"}
    env |= {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    # The settings of whoever runs this stay out, and the kernel is that of the environment.
    for name in ("JUPYTER_DATA_DIR", "IPYTHONDIR"):
        desk = folder.parent / name.lower()
        desk.mkdir(exist_ok=True)
        env[name] = str(desk)
    return env | {"JUPYTER_PREFER_ENV_PATH": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


if __name__ == "__main__":
    main()
