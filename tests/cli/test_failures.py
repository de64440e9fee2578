"""The command line with the wrong thing: one clear message on stderr, the right exit code, no traceback, no secret."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from oneroster_tui import demo
from oneroster_tui.errors import ExitCode
from tests.e2e.test_demo_nights import command

SECRET = "S3CRET-that-must-not-show"  # not a secret: invented


@pytest.fixture(scope="module")
def provider() -> Iterator[demo.DemoProvider]:
    with demo.running() as running:
        yield running


@pytest.fixture(scope="module")
def web_page() -> Iterator[str]:
    """A server that answers everything with a web page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>Welcome</title>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 -- the base class asks for these names

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def write_config(folder: Path, root: str, token: str, secret: str = SECRET, more: str = "") -> None:
    path = folder / "config.toml"
    path.write_text(
        f'[connection]\nroot_url = "{root}"\ntoken_url = "{token}"\nclient_id = "{demo.CLIENT_ID}"\n'
        f'client_secret = "{secret}"\n[schools]\nsync = ["school-01"]\n{more}'
    )
    path.chmod(0o600)


def fails(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of a command; what nobody wants to see is looked for."""
    done = command(folder, *arguments)
    assert "Traceback" not in done.stderr + done.stdout
    assert SECRET not in done.stderr + done.stdout
    return done.returncode, done.stderr


def test_a_wrong_secret(tmp_path: Path, provider: demo.DemoProvider) -> None:
    write_config(tmp_path, provider.root_url, provider.token_url)
    code, words = fails(tmp_path, "--sync")
    assert code == 6
    assert "refused this client (401)" in words
    assert "Check client_id, client_secret" in words


def test_a_web_page_instead_of_a_service(tmp_path: Path, web_page: str, provider: demo.DemoProvider) -> None:
    write_config(tmp_path, web_page, provider.token_url, demo.CLIENT_SECRET)
    code, words = fails(tmp_path, "--sync")
    assert code == 7
    assert "web page instead of" in words
    assert "root_url" in words


def test_a_web_page_instead_of_a_token(tmp_path: Path, web_page: str, provider: demo.DemoProvider) -> None:
    write_config(tmp_path, provider.root_url, web_page)
    code, words = fails(tmp_path, "--sync")
    assert code in (6, 7)
    assert "token_url" in words


def test_three_mistakes_are_named_at_once(tmp_path: Path) -> None:
    write_config(tmp_path, "ftp://x", "", more='[sync]\non_remove = "delete"\n[guards]\nmax_remove_percent = 300\n')
    code, words = fails(tmp_path, "--sync")
    assert code == 2
    assert words.count("\n  - ") == 3
    assert "did you mean sync.on_removed?" in words


def test_no_config_at_all(tmp_path: Path) -> None:
    code, words = fails(tmp_path, "--sync")
    assert code == 2
    assert "--demo" in words


def test_an_unfinished_config_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    code, words = fails(tmp_path, "--sync")
    assert code == 2
    for key in ("connection.root_url", "connection.client_id", "connection.client_secret", "schools.sync"):
        assert f"{key} is not set" in words


def test_a_blackout(tmp_path: Path, provider: demo.DemoProvider) -> None:
    more = '[guards]\nblackout = ["2020-01-01..2099-12-31"]\n'
    write_config(tmp_path, provider.root_url, provider.token_url, demo.CLIENT_SECRET, more)
    assert fails(tmp_path, "--sync")[0] == 8


def test_errors_are_objects_too(tmp_path: Path) -> None:
    done = command(tmp_path, "--json", "--sync")
    assert json.loads(done.stdout)["exit_code"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "--bogus"),
        ("--sync", "check"),
        ("sync", "--detailed-exitcode"),
        ("approve",),
        ("nonsense",),
        ("--demo", "explain", " "),
        ("--demo", "export", "csv", ""),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert fails(tmp_path, *arguments)[0] == 2


def test_status_without_a_roster_is_stale(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    done = command(tmp_path, "status")
    assert done.returncode == 1
    assert "never" in done.stdout
    assert not (tmp_path / "roster.db").exists()


def test_ctrl_c_while_the_program_still_loads_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entrance catches it around the imports as well: nothing but itself is loaded before."""
    from oneroster_tui.__main__ import main

    class Loading(dict[str, object]):
        def __getattr__(self, _: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "oneroster_tui.cli", Loading())  # type: ignore[misc]
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.INTERRUPTED
