"""The process in which a notebook is executed."""

import sys

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


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
