"""The kernels that the code hands to CuPy, compiled by NVRTC, which needs no device."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from dfa_utils.array import kernels

cupy = pytest.importorskip("cupy")

#: The oldest and newest of the architectures that hosted notebooks and runners have: T4, H100.
ARCHITECTURES = ("compute_75", "compute_90")
#: As CuPy's own compiler puts them before a kernel.
HEADERS = ("complex.cuh", "carray.cuh", "atomics.cuh", "math_constants.h")


@pytest.fixture
def compiled(monkeypatch):
    """Return what the code hands to `cupy.ElementwiseKernel`, by its name."""
    made, real = {}, cupy.ElementwiseKernel

    def keep(*args, **options):
        kernel = real(*args, **options)
        made[kernel.name] = kernel
        return kernel

    monkeypatch.setattr(cupy, "ElementwiseKernel", keep)
    kernels._cupy_rmsprop.cache_clear()
    kernels._cupy_rmsprop()
    kernels._cupy_rmsprop.cache_clear()
    return made


def source(kernel, dtype, arrays):
    """Return the CUDA source that CuPy generates; parameters not among the arrays are scalars."""
    # These parts of CuPy are not public: a release that moves them is to be looked at.
    from cupy._core import _carray, _kernel, _scalar

    kinds = {"array": 1, "indexer": 2, "scalar": 3}

    def describe(name):
        if name == "_ind":
            return _kernel._ArgInfo(kinds["indexer"], _carray.Indexer, None, 3, True, True)
        if name in arrays:
            return _kernel._ArgInfo(kinds["array"], cupy.ndarray, dtype, 3, True, True)
        return _kernel._ArgInfo(kinds["scalar"], _scalar.CScalar, dtype, 0, True, True)

    described = tuple(describe(parameter.name) for parameter in kernel.params)
    code = _kernel._get_elementwise_kernel_code(
        described,
        _kernel._TypeMap((("T", dtype),)),
        kernel.params,
        kernel.operation,
        kernel.name,
        kernel.preamble,
    )
    return "".join(f"#include <cupy/{name}>\n" for name in HEADERS) + code


def ptx(code, architecture):
    """Compile a source, and return the assembly, str."""
    from cupy_backends.cuda.libs import nvrtc

    include = Path(cupy.__file__).parent / "_core" / "include"
    cccl = include / "cupy" / "_cccl"
    folders = [include, *(cccl / part for part in ("libcudacxx", "cub", "thrust"))]
    folders += [Path(place) / "cu13" / "include" for place in _places("nvidia")]
    options = [f"-I{folder}" for folder in folders]
    options += ["--std=c++17", f"--gpu-architecture={architecture}"]
    program = nvrtc.createProgram(code, "kernel.cu", [], [])
    try:
        nvrtc.compileProgram(program, options)
    except nvrtc.NVRTCError as error:
        raise SyntaxError(nvrtc.getProgramLog(program)) from error
    return nvrtc.getPTX(program).decode()


def _places(package):
    found = find_spec(package)
    return found.submodule_search_locations if found else []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("rates", ["one rate", "a rate for each seed"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_kernel_compiles(dtype, rates, architecture, compiled):
    assert list(compiled) == ["rmsprop_step"]
    arrays = {"g", "parameter", "mean_square"} | ({"rate"} if rates != "one rate" else set())
    for name, kernel in compiled.items():
        assert f".entry {name}(" in ptx(source(kernel, np.dtype(dtype), arrays), architecture)


def test_a_kernel_with_a_mistake_does_not_compile(compiled):
    broken = cupy.ElementwiseKernel("T g", "T out", "out = gg;", "broken")
    with pytest.raises(SyntaxError, match="gg"):
        ptx(source(broken, np.dtype("float32"), {"g", "out"}), ARCHITECTURES[0])


def test_no_other_module_makes_kernels():
    """Else it would have to be compiled here too."""
    package = Path(kernels.__file__).parents[1]
    makers = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in ("ElementwiseKernel", "RawKernel"))
    ]
    assert makers == ["array/kernels.py"]
