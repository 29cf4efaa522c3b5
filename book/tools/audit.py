"""Ask a database of known vulnerabilities about every version that the project pins."""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CANNOT_BE_REACHED = re.compile(
    r"ConnectionError|Connection refused|Max retries|timed? ?out|ServiceError|ProxyError|HTTPError",
    re.IGNORECASE,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("constraints", type=Path)
    parser.add_argument("project", type=Path, help="pyproject.toml, for the pins of its extras")
    parser.add_argument("--timeout", type=int, default=15, help="seconds for one connection")
    arguments = parser.parse_args()
    pins = read_pins(arguments.constraints, arguments.project)
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text("\n".join(pins) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", requirements, "--no-deps"]
        command += ["--disable-pip", "--progress-spinner", "off", "--timeout"]
        done = subprocess.run([*command, str(arguments.timeout)], capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode == 0:
        print(f"No known vulnerability in {len(pins)} pinned versions.")
    elif CANNOT_BE_REACHED.search(done.stderr):
        reason = done.stderr.strip().splitlines()[-1]
        sys.exit(f"Nothing was audited: the database cannot be reached ({reason}).")
    else:
        sys.exit(done.stderr)


def read_pins(constraints, project):
    """Return the lines that pin a version, of both files.

    Parameters
    ----------
    constraints, project : Path

    Returns
    -------
    list of str
    """
    lines = constraints.read_text(encoding="utf-8").splitlines()
    pins = {line for line in lines if "==" in line and line[0] != "#"}
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for extra in ("torch", "book"):
        pins |= {line for line in extras[extra] if "==" in line}
    return sorted(pins)


if __name__ == "__main__":
    main()
