"""What the real torchvision does behind a broken network, and that nothing of it is believed."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dfa_utils import data_sources
from dfa_utils.data_sources import DataUnavailableError, cache_folder, load_files


@pytest.fixture
def html_proxy(monkeypatch):
    """A proxy that answers everything with a page to log in on; return what it was asked."""
    asked = []

    class Portal(BaseHTTPRequestHandler):
        def answer(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Log in to this network</title>")

        do_GET = do_CONNECT = do_HEAD = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for protocol in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(protocol, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_proxy_that_answers_html_gives_no_data_set(name, html_proxy, tmp_path, monkeypatch):
    """With the real torchvision: its mirrors are asked, through the proxy, and not believed."""
    pytest.importorskip("torchvision")
    monkeypatch.setenv("DFA_DATA", str(tmp_path / "cache"))
    files = data_sources.FILE_SETS[name]
    changed = replace(files, sources={"torchvision": data_sources.from_torchvision})
    monkeypatch.setitem(data_sources.FILE_SETS, name, changed)
    with pytest.raises(DataUnavailableError, match=r"- torchvision: python.* ended with status 1"):
        load_files(name)
    assert html_proxy
    assert not list(cache_folder(name).glob("*-*"))


def test_torchvision_itself_is_asked_and_its_refusal_is_shown(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    for protocol in ("http_proxy", "https_proxy"):  # a port on which nothing listens
        monkeypatch.setenv(protocol, "http://127.0.0.1:9")
    with pytest.raises(data_sources.SourceError, match=r"(?s)Error downloading.*refused"):
        data_sources.from_torchvision(data_sources.FILE_SETS["fashion_mnist"], tmp_path)
