"""How papermill executes a notebook here: in which process, and when the copy is written."""

import sys

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.engines import NBClientEngine, papermill_engines

#: The name of `OwnEngine`, for papermill.
ENGINE = "dfa_utils"


class OwnKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs this, whatever kernels are installed elsewhere.

    What libraries and child processes write to the terminal stays there: an executed notebook
    holds what the notebook itself writes.
    """

    @property
    def kernel_spec(self):
        """How the kernel is started."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        command += ["--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=ERROR"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def _async_interrupt_kernel(self):
        """Send no interrupt to a kernel that is to end: the request to do so follows at once.

        Where its last answer has come and its work is not quite over, the interrupt would reach
        that, and the kernel would report an error after a notebook without one.
        """
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


class OwnEngine(NBClientEngine):
    """Executes in an `OwnKernel`, and writes the copy at the beginning and at the end.

    Also at an end by an exception. papermill itself writes all of it before and after every cell;
    with the figures of a chapter that can take longer than its computations.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        """Execute what a manager of papermill holds, as its own engine does."""
        path, nb_man.output_path = nb_man.output_path, None
        options["kernel_manager_class"] = OwnKernel
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = path


papermill_engines.register(ENGINE, OwnEngine)
