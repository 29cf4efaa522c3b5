"""One thread for each process, and books built in folders of their own."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

for library in ("OPENBLAS", "OMP", "MKL", "BLIS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before NumPy is loaded

from filelock import FileLock  # noqa: E402

from dfa_utils.array import cuda_is_available  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
# A shell starts what runs in its background deaf to interrupts, and children inherit that.
HEARING_INTERRUPTS = [
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execvp(sys.argv[1], sys.argv[1:])",
]


def pytest_collection_modifyitems(items):
    """Put first what needs the whole book; skip, visibly, what needs a CUDA device without one.

    The first of two processes then begins with the longest step of all, building the book, and the
    other has enough to do until it stands.
    """
    items.sort(key=lambda item: not {"smoke_book", "site_folder"} & set(item.fixturenames))
    if cuda_is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device answers"))


class Book:
    """A copy of the tree, built with the environment that runs the tests.

    Attributes
    ----------
    root : Path
        Of the copy.
    executed, html : Path
        Where the executed notebooks and the published pages lie.
    settings : list of str
        Of make. A book is printed where they leave it to make to find a browser.
    """

    def __init__(self, root, settings=("CHROMIUM=",)):
        self.root = root
        self.settings = settings
        self.executed = root / "_build" / "smoke" / "executed"
        self.html = root / "_build" / "smoke" / "html"

    def start(self, *arguments):
        """Start make; the environment counts as up to date."""
        hidden = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHONPATH")
        installed = f"{sys.prefix}/.installed-torch"
        settings = [f"VENV={sys.prefix}", "ACCELERATOR=torch", "PROFILE=smoke", *self.settings]
        return subprocess.Popen(
            [*HEARING_INTERRUPTS, "make", *settings, "-o", installed, *arguments],
            cwd=self.root,
            env={name: value for name, value in os.environ.items() if name not in hidden},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that an interrupt reaches it and its children alone
        )

    def make(self, *arguments):
        """Run make; return its status and what it printed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=3600)  # on a busy machine, too
        return process.returncode, output


def copy_tree(target):
    """Copy what the build reads, time stamps included."""
    target.mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "_config.yml", "_toc.yml"):
        shutil.copy2(ROOT / name, target)
    for name in ("benchmarks", "book", "dfa_utils", "notebooks"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def book_tool(name):
    """Return a module of the folder of the tools that build the book."""
    tools = str(ROOT / "book" / "tools")
    if tools not in sys.path:
        sys.path.append(tools)
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def javascript():
    """The folder in which `make` has installed what the interactive pages load."""
    lock = ROOT / "book" / "play" / "package-lock.json"
    digest = subprocess.run(["cksum", lock], capture_output=True, text=True, check=True).stdout
    return Path(sys.prefix) / "javascript" / digest.split()[0]


@pytest.fixture(scope="session")
def scripts(tmp_path_factory, javascript):
    """The folder of scripts, as the pages load it: only read it."""
    folder = tmp_path_factory.mktemp("site") / "play"
    book_tool("play").write_scripts(javascript, folder)
    return folder


@pytest.fixture(scope="session")
def build_once(tmp_path_factory, worker_id):
    """A function that builds a book once for all workers: only read what it returns.

    Whichever worker asks first builds it; the others wait for the lock and find it built. Its
    arguments are the name of a folder, a function that lays the tree out there, and those of make.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent

    def build(name, lay_out, *arguments, **settings):
        book, log = Book(shared / name, **settings), shared / f"{name}.log"
        with FileLock(shared / f"{name}.lock"):
            if not log.exists():
                lay_out(book.root)
                status, output = book.make(*arguments)
                log.write_text(f"{status}\n{output}", encoding="utf-8")
        book.status, book.output = log.read_text(encoding="utf-8").split("\n", maxsplit=1)
        return book

    return build


@pytest.fixture(scope="session")
def smoke_book(build_once):
    """The whole book of the smoke profile, built and printed."""
    return build_once("smoke-book", copy_tree, "-j2", "book", settings=())
