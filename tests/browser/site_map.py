"""Which pages the site has, read from the table of contents, and how it is served."""

import functools
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import yaml
from conftest import ROOT


def listed(entry):
    """Return the files that a table of contents, or a part of one, names, in order."""
    if isinstance(entry, list):
        return [file for part in entry for file in listed(part)]
    own = [entry[key] for key in ("root", "file") if key in entry]
    deeper = (listed(entry[key]) for key in ("parts", "chapters", "sections") if key in entry)
    return own + [file for files in deeper for file in files]


CHAPTERS = [f"{name}.html" for name in listed(yaml.safe_load((ROOT / "_toc.yml").read_text()))]
OPENING = CHAPTERS[0]
# What Sphinx writes beside them. It may write an index of modules too; it is checked if it does.
GENERATED = ["search.html", "genindex.html"]
PAGES = [*CHAPTERS, *GENERATED]


class Server(ThreadingHTTPServer):
    """A server that lets many requests wait, as they do on a busy machine."""

    request_queue_size = 128


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and prints nothing: the browser reports what is missing."""

    protocol_version = "HTTP/1.1"  # which keeps connections

    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    """Serve a folder from loopback; yield its address, with a slash at the end."""
    handler = functools.partial(QuietHandler, directory=folder)
    with Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
