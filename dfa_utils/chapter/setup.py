"""The set-up of a chapter in one call, and what it hands to the cells that follow."""

import ast
import inspect
import sys
import textwrap
import time
from itertools import groupby

import numpy as np

from dfa_utils.array import get_backend
from dfa_utils.chapter.checkpoints import Checkpoint
from dfa_utils.chapter.provenance import show_provenance
from dfa_utils.chapter.records import record_errors
from dfa_utils.validation import (
    PARAMETERS,
    check,
    check_instance,
    check_parameters,
    check_path,
    check_type,
)


class Chapter:
    """A running notebook: its parameters are checked, its clock is started, its figures styled.

    It may be made again in the same notebook, and writes to no name of it. What is put into its
    dict ``timings``, by name, is shown with the provenance: no other output may differ from run to
    run.

    Parameters
    ----------
    namespace : dict
        The notebook's ``globals()``. Its parameters are the names that
        `dfa_utils.validation.limits.PARAMETERS` knows; all other names are the reader's own. So
        is, where a chapter is made again, a name that was none of its parameters before and holds
        something that this parameter could not be, such as a rule under the name ``rule``.

    Raises
    ------
    ValueError
        At the first parameter that is not allowed; the text is one line.
    """

    def __init__(self, namespace):
        from dfa_utils.figures import use_book_style

        check_instance("namespace", namespace, dict)
        self.namespace, self.names = namespace, _names_of_parameters(namespace)
        self.started, self.timings = time.perf_counter(), {}
        backend = self.backend  # what it has to say, it says here
        if "google.colab" in sys.modules:  # elsewhere a page shows the device at its end
            print(_device_and_how_to_switch(backend))
        use_book_style()

    @property
    def parameters(self):
        """The parameters and their values at this moment, checked, dict."""
        present = {name: self.namespace[name] for name in self.names if name in self.namespace}
        check_parameters(present)
        return present

    @property
    def backend(self):
        """The array library and the device that the parameter ``backend`` names, Backend."""
        return get_backend(self.parameters.get("backend", "auto"))

    def checkpoint(self, name):
        """Return the checkpoint of one training run, or None where the notebook keeps none.

        Parameters
        ----------
        name : str
            Of the run; a folder can serve several runs, and several notebooks.

        Returns
        -------
        Checkpoint or None
        """
        folder = self.parameters.get("checkpoint_dir")
        check("name", name)
        return folder and Checkpoint(check_path("checkpoint_dir", folder) / f"{name}.checkpoint")

    def show(self, *functions):
        """Print the code of functions or methods, whole but for their docstrings.

        Parameters
        ----------
        *functions : callable
            Methods stand below the name of their class, such as those of a learning rule.
        """
        print("\n\n".join(_source_of_class(*group) for group in groupby(functions, _owner)))

    def report(self, times=20):
        """Return what a run's ``fit`` takes as ``report``: a line now and then, ``times`` in all.

        Parameters
        ----------
        times : int

        Returns
        -------
        callable
        """
        check("interval", times)
        return lambda run, until: _print_epoch(run, until, times)

    def record_errors(self, runs):
        """Record and print train and test error of each seed's last epoch.

        Parameters
        ----------
        runs : dict of str to Run or History
            By the prefix of the records, such as ``"dfa"`` for ``dfa_test_error``.
        """
        for prefix, run in runs.items():
            history = getattr(run, "history", run)
            for quantity in ("train_error", "test_error"):
                record_errors(prefix, quantity, history.last(quantity))

    def provenance(self):
        """Print and record device, versions, commit, parameters, timings and seconds."""
        seconds = time.perf_counter() - self.started
        show_provenance(self.backend, self.parameters, seconds, self.timings)


def source_of(function):
    """Return the code of a function or a method without its docstring, str.

    Parameters
    ----------
    function : callable

    Returns
    -------
    str
        As it stands in its file, but for the indentation that it has in a class.
    """
    text = textwrap.dedent(inspect.getsource(function)).rstrip()
    (definition,) = ast.parse(text).body
    lines, docstring = text.split("\n"), definition.body[0]
    if ast.get_docstring(definition) is not None:
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)


def _device_and_how_to_switch(backend):
    """Return on what a notebook in Colab trains and, where that is the CPU, the way to a GPU."""
    if backend.device_name != "CPU":
        return f"The networks train on the GPU, {backend.device_name}."
    return (
        "The networks train on the CPU. For a GPU: Runtime > Change runtime type, choose one, then "
        "Runtime > Run all."
    )


def _names_of_parameters(namespace):
    """Return which names of a notebook are its parameters, list of str."""
    found = [name for name in namespace if name in PARAMETERS]
    earlier = [value for value in namespace.values() if isinstance(value, Chapter)]
    if not earlier:
        return found
    return [n for n in found if n in earlier[-1].names or _is_allowed(n, namespace[n])]


def _is_allowed(name, value):
    """Tell whether a value could be that of a parameter."""
    try:
        check_type(name, value, PARAMETERS[name])
    except ValueError:
        return False
    return True


def _owner(function):
    """Return the name of the class of a method, of a function an empty text."""
    return getattr(function, "__qualname__", "").rpartition(".")[0]


def _source_of_class(owner, functions):
    """Return the code of functions, below the name of their class where they have one."""
    sources = [source_of(function) for function in functions]
    if not owner:
        return "\n\n".join(sources)
    return f"class {owner}:\n" + textwrap.indent("\n\n".join(sources), "    ")


def _print_epoch(run, until, times):
    """Print the mean errors of an epoch, if it is its turn."""
    every = max(1, (until - run.first_epoch) // times)
    if (run.epoch - run.first_epoch) % every == 0 or run.epoch == until:
        train, test = (run.curves[-1][f"{part}_error"][run.running] for part in ("train", "test"))
        count = f"mean of {len(test)} seeds" if len(test) > 1 else "one seed"
        print(
            f"epoch {run.epoch:3d} of {until}   train error {np.mean(train):6.2f} %"
            f"   test error {np.mean(test):6.2f} %   ({count})"
        )
