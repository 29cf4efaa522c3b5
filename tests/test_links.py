"""The link check: what it finds in texts, and what it makes of the answers of servers."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from conftest import ROOT, book_tool

links = book_tool("links")


@pytest.fixture
def server():
    """The address of a server that answers with the status that a path names."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            status = int(self.path.strip("/").partition("-")[0])
            self.send_response(status)
            if status == 301:
                self.send_header("Location", "/200")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(links.time, "sleep", lambda _: None)


@pytest.mark.parametrize(
    ("status", "is_there"),
    [(200, True), (301, True), (404, False), (410, False), (403, None), (429, None), (503, None)],
)
def test_only_what_a_server_says_is_gone_is_broken(server, status, is_there):
    assert links.ask(f"{server}/{status}", 5)[0] is is_there


def test_nobody_listens():
    assert links.ask("http://127.0.0.1:9/", 1)[0] is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see [it](https://a.org/b).", ["https://a.org/b"]),
        ("(https://a.org/b_(c)), and", ["https://a.org/b_(c)"]),
        ("<https://a.org/b> `https://c.org`", ["https://a.org/b", "https://c.org"]),
        ("https://a.org/b#one https://a.org/b#two", ["https://a.org/b"]),
        ("http://127.0.0.1:8000/ http://localhost/x", []),
    ],
)
def test_addresses_are_found_in_a_text(tmp_path, text, found):
    (tmp_path / "page.md").write_text(text)
    assert list(links.addresses([tmp_path / "page.md"])) == found


def test_references_are_links_too(tmp_path):
    (tmp_path / "x.bib").write_text("@article{a,\n  doi = {10.1/x},\n}\n")
    assert list(links.addresses([tmp_path / "x.bib"])) == ["https://doi.org/10.1/x"]


def test_the_book_has_links():
    found = links.addresses(links.texts(ROOT))
    assert "https://arxiv.org/abs/1609.01596" in found
    assert len(found) > 20


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        ({"a": (True, ""), "b": (None, "403")}, 0, "2 links: 0 broken, 1 that cannot be told."),
        ({"a": (True, ""), "b": (False, "404")}, 1, "Broken: b (404)"),
        ({"a": (None, "no"), "b": (None, "no")}, 1, "No server answers"),
    ],
)
def test_the_status_tells_broken_links_from_unclear_ones(capsys, answers, status, said):
    assert links.report({link: [] for link in answers}, answers) == status
    assert said in capsys.readouterr().out
