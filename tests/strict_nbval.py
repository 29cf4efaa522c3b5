"""A plugin that makes nbval run cells as Jupyter does, and compare pictures too."""

from nbval.kernel import RunningKernel


def execute_cell_input(self, cell_input, allow_stdin=None):
    """Send a cell; nbval's own leaves it out of the history, and then IPython ignores a ``;``."""
    return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = execute_cell_input


def pytest_collection_modifyitems(items):
    """Compare pictures byte for byte; nbval compares everything but them."""
    for notebook in {item.parent for item in items}:
        notebook.skip_compare = [key for key in notebook.skip_compare if key != "image/png"]
