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
