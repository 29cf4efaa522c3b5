"""Which array library is chosen, and that CuPy has every function that the code calls."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dfa_utils.arrays import get_backend

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_to_the_device_and_back(name):
    host = np.arange(6, dtype="float32").reshape(2, 3)
    backend = get_backend(name)
    array = backend.asarray(host)
    host[0, 0] = 9
    assert backend.to_host(array)[0, 0] == 0, "memory is shared"
    assert backend.to_host(array).dtype == "float32"


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match=r"backend must be one of .*, got 'jax'"):
        get_backend("jax")


def test_importing_the_package_loads_neither_torch_nor_cupy():
    names = sorted(path.stem for path in (ROOT / "dfa_utils").glob("*.py"))
    drawing = (
        "plots",
        "interactive",
        "alignment_plots",
        "benchmark_plots",
        "sweep_plots",
        "diagrams",
    )
    names = [name for name in names if name not in ("__init__", *drawing)]
    code = "import sys, dfa_utils\n" + "\n".join(f"import dfa_utils.{n}" for n in names)
    code += "\nprint({'torch', 'cupy', 'matplotlib', 'sklearn'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "set()"


def test_cupy_has_every_function_that_the_code_calls():
    """`cupy` imports without a GPU, so names can be checked where nothing can be computed."""
    pytest.importorskip("cupy")
    xp = importlib.import_module("array_api_compat.cupy")
    called = {
        node.attr
        for path in (ROOT / "dfa_utils").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and (
            (isinstance(node.value, ast.Name) and node.value.id == "xp")
            or (
                isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Name)
                and node.value.func.id == "namespace_of"
            )
        )
    }
    assert {"tanh", "take", "sum"} <= called
    assert not [name for name in sorted(called) if not hasattr(xp, name)]
