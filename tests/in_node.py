"""The scripts of the playground, run outside a browser."""

import json
import subprocess
import sys
from pathlib import Path

NODE = Path(sys.prefix) / "bin" / "node"


def in_node(scripts, task):
    """Run the playground's code, in a folder of scripts, on a task; return its results."""
    command = [NODE, Path(__file__).with_name("train_in_node.js"), scripts]
    given = json.dumps(task)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
