"""What the real torchvision does behind a broken network, and that nothing of it is believed."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dfa_utils.data.datasets import DATASETS
from dfa_utils.data.sources import (
    DataUnavailableError,
    SourceError,
    cache_folder,
    from_torchvision,
    load_files,
)


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
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # hears soon of its end
    thread.start()
    for protocol in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(protocol, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_a_proxy_that_answers_html_gives_no_data_set(name, html_proxy, tmp_path, monkeypatch):
    """With the real torchvision: its mirrors are asked, through the proxy, and not believed."""
    pytest.importorskip("torchvision")
    monkeypatch.setenv("DFA_DATA", str(tmp_path / "cache"))
    files = replace(DATASETS[name].files, sources={"torchvision": from_torchvision})
    with pytest.raises(DataUnavailableError, match=r"- torchvision: python.* ended with status 1"):
        load_files(files)
    assert html_proxy
    assert not set(cache_folder(name).iterdir()) - {cache_folder(name) / ".lock"}


def test_torchvision_itself_is_asked_and_its_refusal_is_shown(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    for protocol in ("http_proxy", "https_proxy"):  # a port on which nothing listens
        monkeypatch.setenv(protocol, "http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"(?s)Error downloading.*refused"):
        from_torchvision(DATASETS["fashion_mnist"].files, tmp_path)
