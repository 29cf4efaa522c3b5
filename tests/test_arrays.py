"""Which array library is chosen, and that CuPy has every function that the code calls."""

import ast
import importlib
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import ROOT

from dfa_utils.array import backend, cuda_is_available, get_backend

METHOD = [*(ROOT / "dfa_utils").glob("*.py"), *(ROOT / "dfa_utils" / "array").glob("*.py")]


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_to_the_device_and_back(name):
    host = np.arange(6, dtype="float32").reshape(2, 3)
    chosen = get_backend(name)
    array = chosen.asarray(host)
    host[0, 0] = 9
    assert chosen.to_host(array)[0, 0] == 0, "memory is shared"
    assert chosen.to_host(array).dtype == "float32"


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match=r"backend must be one of .*, got 'jax'"):
        get_backend("jax")


@pytest.fixture
def cupy(monkeypatch):
    """Return a function that lets `import cupy`, or its search for a device, end in some way."""
    backend._why_no_cuda.cache_clear()
    found, load = SimpleNamespace(), importlib.import_module

    def fake(at_import=None, is_available=None):
        def imported(name):
            if name == "cupy":
                if at_import:
                    raise at_import
                return SimpleNamespace(is_available=is_available)
            return load(name)

        monkeypatch.setattr(backend, "importlib", SimpleNamespace(import_module=imported))
        return found

    yield fake
    monkeypatch.undo()
    backend._why_no_cuda.cache_clear()


def fails(error):
    def is_available():
        raise error

    return is_available


ERRORS = [
    ImportError("libcublas.so.13: cannot open shared object file"),
    ModuleNotFoundError("No module named 'fastrlock'", name="fastrlock"),
    FileNotFoundError(2, "No such file or directory", "/home/nobody/.cupy"),
    OSError(30, "Read-only file system"),
    RuntimeError("CUDA driver version is insufficient\nfor CUDA runtime version"),
    AttributeError("module 'numpy' has no attribute 'bool8'"),
]


@pytest.mark.parametrize("place", ["at_import", "is_available"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_cupy_that_breaks_means_no_gpu_said_in_one_line(error, place, cupy, capsys):
    cupy(**{place: error if place == "at_import" else fails(error)})
    assert get_backend("auto").name == "numpy"
    assert get_backend().name == "numpy" and not cuda_is_available()
    printed = capsys.readouterr()
    assert printed.err == "" and printed.out.count("\n") == 1, "said once"
    assert printed.out.startswith(f"no GPU: CuPy cannot be used ({type(error).__name__}: ")
    if place == "is_available":
        with pytest.raises(RuntimeError, match="backend='cupy' was asked for, but CuPy cannot be"):
            get_backend("cupy")


@pytest.mark.parametrize(
    "answer",
    [{"is_available": lambda: False}, {"at_import": ModuleNotFoundError("no", name="cupy")}],
    ids=["no device", "not installed"],
)
def test_a_machine_without_a_gpu_is_not_worth_a_line(answer, cupy, capsys):
    cupy(**answer)
    assert get_backend("auto").name == "numpy"
    assert capsys.readouterr() == ("", "")
    with pytest.raises((RuntimeError, ModuleNotFoundError)):
        get_backend("cupy")


def test_importing_the_package_loads_neither_torch_nor_cupy():
    """Nor do all rooms that are not there to draw, nor the digits, which scikit-learn brings."""
    names = ["", *(f".{path.stem}" for path in METHOD if path.parent.name == "dfa_utils")]
    names = [name for name in names if name != ".__init__"]
    names += [f".{room}" for room in ("array", "data", "validation", "sweep")]
    names += [f".chapter.{path.stem}" for path in (ROOT / "dfa_utils" / "chapter").glob("[!_]*.py")]
    code = "import sys\n" + "\n".join(f"import dfa_utils{name}" for name in names)
    code += "\ndfa_utils.load_dataset('digits', backend='numpy')"
    code += "\nprint({'torch', 'cupy', 'matplotlib', 'sklearn'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"


def test_cupy_has_every_function_that_the_code_calls():
    """`cupy` imports without a GPU, so names can be checked where nothing can be computed."""
    pytest.importorskip("cupy")
    xp = importlib.import_module("array_api_compat.cupy")
    called = {
        node.attr
        for path in METHOD
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and (
            getattr(node.value, "id", "") == "xp"
            or getattr(getattr(node.value, "func", None), "id", "") == "namespace_of"
        )
    }
    assert {"tanh", "take", "sum"} <= called
    assert not [name for name in sorted(called) if not hasattr(xp, name)]
