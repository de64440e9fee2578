"""The page in headless Chromium, where that is installed: it asks for nothing, fits every width, and knows light and dark."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from oneroster_tui.provider.conformance.page import page
from tests.conformance.test_card import mixed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed: the page is not opened in a browser")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
OWN = re.compile(r"(^|\.)(google|googleapis|gstatic|gvt1)\.com(:\d+)?$")
"""Hosts that Chromium asks on its own account, whatever the page."""
MEASURE = (
    "<script>parent.document.title = [document.documentElement.scrollWidth, innerWidth,"
    " getComputedStyle(document.body).backgroundColor].join('|')</script>"
)
STRANGER = '<img src="http://elsewhere.example/x.png">'


def browse(folder: Path, address: str, *flags: str) -> str:
    """Opens an address, and gives the page as it is then."""
    profile = folder / f"profile-{len(list(folder.iterdir()))}"
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, address], capture_output=True, text=True, timeout=120
    )
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout


@contextmanager
def proxy(content: str) -> Iterator[tuple[int, list[str]]]:
    """A proxy for every request, which answers each with the page; gives its port, and the addresses asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = content.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            if not OWN.search(self.path):
                asked.append(self.path)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def requests_of(folder: Path, content: str) -> list[str]:
    """What a page makes Chromium ask for, besides the page."""
    with proxy(content) as (port, asked):
        browse(folder, "http://card.example/", f"--proxy-server=127.0.0.1:{port}", "--dump-dom")
        assert "http://card.example/" in asked
        own = ("http://card.example/", "http://card.example/favicon.ico")
        return [address for address in asked if address not in own and not OWN.search(address.split("/")[2])]


def test_it_asks_for_nothing(tmp_path: Path) -> None:
    content = page(mixed())
    assert requests_of(tmp_path, content) == []
    injected = content.replace("</main>", f"{STRANGER}</main>")
    assert requests_of(tmp_path, injected) == []  # its own policy keeps it from that
    without_policy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", injected)
    assert requests_of(tmp_path, without_policy) == ["http://elsewhere.example/x.png"]  # this test would see it


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_it_fits_and_follows_the_theme(tmp_path: Path, width: int, dark: bool) -> None:
    content = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page(mixed()))
    file = tmp_path / "frame.html"  # in a frame: a window of Chromium's own is never narrower than 500
    inside = escape(content.replace("</body>", f"{MEASURE}</body>"), quote=True)
    frame = f'<title></title><iframe srcdoc="{inside}" style="border: 0; width: {width}px; height: 900px"></iframe>'
    file.write_text(frame, encoding="utf-8")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    seen = browse(tmp_path, file.as_uri(), "--window-size=1400,900", *scheme, "--dump-dom")
    title = re.search(r"<title>([^<]*)</title>", seen)
    assert title is not None
    wide, inner, background = title[1].split("|")
    assert int(inner) == width
    assert int(wide) <= width
    assert background == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_it_prints(tmp_path: Path) -> None:
    file, paper = tmp_path / "card.html", tmp_path / "card.pdf"
    file.write_text(page(mixed()), encoding="utf-8")
    browse(tmp_path, file.as_uri(), f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_size > 20_000
