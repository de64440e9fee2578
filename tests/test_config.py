"""Reading config.toml: what is taken, what is refused and how, where secrets come from, and the sample."""

from __future__ import annotations

import dataclasses
import os
import string
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui import config
from oneroster_tui.config import KEYS, Connection, Period, Settings, defaults, find, from_text, load
from oneroster_tui.errors import ConfigError, ExitCode

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "config.toml"
HERE = Path("config.toml")
SECRET = "hunter2-correct-horse"

quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def problems(text: str) -> tuple[str, ...]:
    """The mistakes of a config text; there must be one."""
    with pytest.raises(ConfigError) as caught:
        from_text(text, HERE)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.problems


def one_problem(text: str) -> str:
    """The only mistake of a config text."""
    (problem,) = problems(text)
    return problem


# The table, the dataclasses and the sample say the same


def test_every_key_has_one_field_and_every_field_a_key() -> None:
    made = defaults(HERE)
    fields = set()
    for field in dataclasses.fields(Settings):
        value = getattr(made, field.name)
        if dataclasses.is_dataclass(value):
            fields |= {f"{field.name}.{inner.name}" for inner in dataclasses.fields(value)}
        else:
            fields.add(field.name)
    assert fields - {"path", "warnings", "fingerprint", "connection.folder"} == {key.name for key in KEYS}


def test_defaults_are_the_contracts() -> None:
    made = defaults(HERE)
    assert made.source == "default"
    assert made.role_mapping == {"student": "Student", "teacher": "Teacher"}
    assert made.connection.page_size == "auto"
    assert made.connection.timeout == 30.0
    assert made.guards == config.Guards(
        max_remove_percent=10.0,
        max_remove_count=10,
        max_change_percent=None,
        protected_roles=(),
        blackout=(),
        freeze_removals=(),
    )
    assert made.database.url == "sqlite:///roster.db"
    assert made.sync.on_removed == "suspend"
    assert made.warnings == ()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_default_and_help_reads_well(key: config.Key) -> None:
    value = config.parse_value(key, key.default)
    assert config.parse_value(key, config.plain_value(key, value)) == value
    assert key.help.endswith(".")
    assert config.allowed(key)


def test_the_sample_loads_and_needs_only_a_school() -> None:
    made = load(SAMPLE)
    assert made.missing() == ("schools.sync",)
    assert made.connection.secret() == "demo-secret"
    assert made.connection.root_url == "http://127.0.0.1:8765"
    assert not [warning for warning in made.warnings if "http:" in warning]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_the_sample_has_every_key_with_its_default_or_a_comment_that_says_otherwise(key: config.Key) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    data: Any = tomllib.loads(text)
    for part in key.name.split("."):
        data = data[part]
    lines = text.splitlines()
    if isinstance(data, dict):
        assert isinstance(key.default, Mapping)
        differing = [name for name, value in data.items() if key.default.get(name) != value]
    else:
        default = [] if key.default == () else key.default
        differing = [] if data == default and type(data) is type(default) else [key.leaf]
    for name in differing:
        (line,) = [line for line in lines if line.startswith(f"{name} =")]
        assert "# sample" in line
    assert set(tomllib.loads(text)) == {key.name.partition(".")[0] for key in KEYS}


# Values


def test_everything_set() -> None:
    made = from_text(
        """
        source = "oak"
        [connection]
        oneroster_version = "1.2"
        token_url = "https://sis.example/token?tenant=7"
        root_url = "HTTPS://sis.example:8443/ims/oneroster"
        client_id = "id"
        client_secret_env = "ONEROSTER_SECRET"
        page_size = 500
        timeout = 2.5
        scopes = ["a", "b", "a"]
        [role_mapping]
        Student = "Pupil"
        "ext:Coach" = "Trainer"
        [schools]
        sync = ["s1", "s2", "s1"]
        [guards]
        max_remove_percent = "off"
        max_remove_count = 0
        blackout = ["2026-08-01..2026-08-20"]
        [database]
        url = "postgresql://user:hunter2@host/roster"
        """,
        HERE,
    )
    assert made.connection.page_size == 500
    assert made.connection.timeout == 2.5
    assert made.connection.scopes == ("a", "b")
    assert made.schools.sync == ("s1", "s2")
    assert made.guards.max_remove_percent is None
    assert made.guards.max_remove_count == 0
    assert made.guards.blackout == (Period(date(2026, 8, 1), date(2026, 8, 20)),)
    assert (made.local_role("STUDENT"), made.local_role("ext:coach"), made.local_role("aide")) == (
        "Pupil",
        "Trainer",
        "",
    )
    assert made.missing() == ()
    assert "hunter2" not in repr(made)


def test_periods_hold_both_ends() -> None:
    period = Period(date(2026, 8, 1), date(2026, 8, 20))
    assert date(2026, 8, 1) in period
    assert date(2026, 8, 20) in period
    assert date(2026, 8, 21) not in period
    assert str(period) == "2026-08-01..2026-08-20"


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("", 'source = " "'),
        ("connection", "oneroster_version = 1.1"),
        ("connection", 'oneroster_version = "2.0"'),
        ("connection", 'root_url = "sis.example"'),
        ("connection", 'root_url = "ftp://sis.example"'),
        ("connection", 'root_url = "https://"'),
        ("connection", 'root_url = "https://sis.example/?a=b"'),
        ("connection", 'root_url = "https://sis.example/#top"'),
        ("connection", 'root_url = "https://sis.example:99999"'),
        ("connection", 'root_url = "https://[::1"'),
        ("connection", 'root_url = "https://sis example"'),
        ("connection", 'root_url = "https://sis.example/\\n"'),
        ("connection", 'root_url = "https://user:password@sis.example"'),
        ("connection", 'token_url = "https://sis.example/#x"'),
        ("connection", 'client_id = "id\\n"'),
        ("connection", "client_id = 1"),
        ("connection", 'client_secret_env = "A B"'),
        ("connection", "client_secret_command = 'pass \"show'"),
        ("connection", "page_size = true"),
        ("connection", "page_size = 0"),
        ("connection", "page_size = 10001"),
        ("connection", "page_size = 200.0"),
        ("connection", 'page_size = "200"'),
        ("connection", 'page_size = "off"'),
        ("connection", "concurrency = 33"),
        ("connection", "timeout = 0.5"),
        ("connection", "timeout = nan"),
        ("connection", "timeout = inf"),
        ("connection", 'scopes = "roster"'),
        ("connection", "scopes = [1]"),
        ("role_mapping", "student = 1"),
        ("role_mapping", '" " = "x"'),
        ("schools", 'sync = ["a", ""]'),
        ("sync", 'on_removed = "Suspend"'),
        ("sync", "grace_runs = 366"),
        ("sync", 'username = "{password}"'),
        ("sync", 'username = "{username.x}"'),
        ("sync", 'username = "{username[0]}"'),
        ("sync", 'username = "{username!r}"'),
        ("sync", 'username = "{username:>99}"'),
        ("sync", 'username = "{}"'),
        ("sync", 'username = "{username"'),
        ("sync", 'username = "everybody"'),
        ("guards", "max_remove_percent = 101"),
        ("guards", "max_remove_percent = -1"),
        ("guards", "max_remove_count = 1.5"),
        ("guards", 'max_remove_count = "auto"'),
        ("guards", 'blackout = ["2026-08-20..2026-08-01"]'),
        ("guards", 'blackout = ["2026-02-30..2026-03-01"]'),
        ("guards", 'blackout = ["20260801..20260802"]'),
        ("guards", "blackout = [2026-08-01]"),
        ("database", 'url = "roster.db"'),
        ("database", 'url = "mysql://host/roster"'),
        ("database", 'url = "sqlite://roster.db"'),
        ("notify", 'webhook = "hook"'),
    ],
)
def test_a_bad_value_is_one_problem_that_says_what_is_allowed(table: str, line: str) -> None:
    problem = one_problem(f"[{table}]\n{line}\n" if table else line)
    name = line.partition(" =")[0] if table != "role_mapping" else ""
    assert problem.startswith(f"config.toml: {'.'.join(part for part in (table, name) if part)}: ")
    assert "allowed is" in problem or "not a word" in problem


def test_what_was_found_is_shown_with_its_type() -> None:
    assert 'the text "soon"' in one_problem('[connection]\ntimeout = "soon"')
    assert "the truth value true" in one_problem("[connection]\nconcurrency = true")
    assert "without its quotes" in one_problem("[connection]\noauth_version = 2.0")
    assert "from 1 to 32" in one_problem("[connection]\nconcurrency = 99")


def test_three_mistakes_at_once_are_reported_at_once() -> None:
    found = problems('sorce = "x"\n[connection]\ntimeout = "soon"\n[sync]\non_removed = "explode"\n')
    assert len(found) == 3
    assert "did you mean source?" in found[0]
    assert "connection.timeout" in found[1]
    assert "sync.on_removed" in found[2]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[sync]\npage_size = 3", "did you mean connection.page_size, in the table [connection]?"),
        ('root_url = "https://x"', "did you mean connection.root_url, in the table [connection]?"),
        ('[connection]\nsource = "x"', "did you mean source, at the top of the file?"),
        ('[connection]\nrootUrl = "https://x"', "did you mean connection.root_url?"),
        ("[conection]\na = 1", "did you mean [connection]?"),
        ("[zzz]\na = 1", "the tables are [connection], [role_mapping], [schools]"),
        ("[[connection]]\na = 1", "allowed is one table: [connection]"),
        ("connection = 1", "allowed is one table: [connection]"),
        ('[role_mapping]\nstudent = "a"\nStudent = "b"', "twice"),
    ],
)
def test_unknown_keys_and_wrong_tables_name_the_right_one(text: str, hint: str) -> None:
    assert hint in one_problem(text)


# Files


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.toml")
    assert "--demo" in caught.value.do
    assert "sample" in caught.value.do
    assert "none.toml" in caught.value.where


def test_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path)


def test_an_impossible_path_says_so() -> None:
    with pytest.raises(ConfigError, match="not a usable path"):
        load(Path("a\0b"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="may not be read"):
        load(path)


def test_latin_1_says_which_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(f'[connection]\nclient_secret = "{SECRET}"\n# Écôle\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"not UTF-8 text: line 3") as caught:
        load(path)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbfsource = "oak"\r\n')
    assert load(path).source == "oak"


def test_a_syntax_error_names_file_line_and_column() -> None:
    with pytest.raises(ConfigError) as caught:
        from_text(f'source = "x"\n[connection]\nclient_secret = {SECRET}\n', HERE)
    assert caught.value.where == "config.toml, line 3, column 17"
    assert "quotes" in caught.value.do
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", ["a = " + "[" * 3000, "a = " + "9" * 5000, "[connection]\ntimeout = 0x" + "f" * 5000])
def test_monsters_are_config_errors(text: str) -> None:
    with pytest.raises(ConfigError):
        from_text(text, HERE)


def test_find_goes_down_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert find(None, {}).parts[-2:] == ("oneroster-tui", "config.toml")
    Path("config.toml").touch()
    assert find(None, {"ONEROSTER_TUI_CONFIG": ""}) == Path("config.toml")
    assert find(None, {"ONEROSTER_TUI_CONFIG": "/etc/or.toml"}) == Path("/etc/or.toml")
    assert find(Path("mine.toml"), {"ONEROSTER_TUI_CONFIG": "/etc/or.toml"}) == Path("mine.toml")


def test_importing_config_loads_nothing_heavy() -> None:
    code = (
        "import sys, oneroster_tui.config;"
        "print(sorted({'tomlkit', 'platformdirs', 'msgspec', 'subprocess', 'difflib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Warnings, and what is not set yet


def test_http_to_another_host_is_a_warning_to_this_one_is_none() -> None:
    for url in ("http://localhost:1", "http://127.0.0.9/x", "http://[::1]:80", "https://sis.example"):
        assert from_text(f'[connection]\nroot_url = "{url}"', HERE).warnings == ()
    for url in ("http://sis.example", "HTTP://10.0.0.1", "http://127.evil.example"):
        (warning,) = from_text(f'[connection]\ntoken_url = "{url}"', HERE).warnings
        assert "connection.token_url" in warning


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_secret_in_an_open_file_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[connection]\nclient_secret = "{SECRET}"\n')
    path.chmod(0o640)
    (warning,) = load(path).warnings
    assert "chmod 600" in warning
    assert SECRET not in warning
    path.chmod(0o600)
    assert load(path).warnings == ()


def test_missing_lists_what_a_sync_needs() -> None:
    assert defaults(HERE).missing() == (
        "connection.root_url",
        "connection.client_id",
        "connection.client_secret",
        "connection.token_url",
        "schools.sync",
    )
    old = from_text('[connection]\noauth_version = "1.0a"\nclient_secret_command = "pass show x"', HERE)
    assert old.connection.missing() == ("connection.root_url", "connection.client_id")


# Secrets


def connection(folder: Path = HERE.parent, **fields: str) -> Connection:
    """A connection with the given fields."""
    return dataclasses.replace(defaults(folder / "config.toml").connection, **fields)  # type: ignore[arg-type]


def test_a_secret_from_each_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_SECRET", SECRET)
    (tmp_path / "secret.txt").write_text(f"{SECRET}\r\nsecond line\n")
    command = f"{sys.executable} -c \"print('{SECRET}')\""
    for fields, origin in (
        ({"client_secret": SECRET}, "the config file itself"),
        ({"client_secret_env": "ONEROSTER_SECRET"}, "environment variable ONEROSTER_SECRET"),
        ({"client_secret_file": "secret.txt"}, "file secret.txt"),
        ({"client_secret_command": command}, f"command {sys.executable}"),
    ):
        made = connection(tmp_path, **fields)
        assert made.secret() == SECRET
        assert made.secret_origin() == origin
        assert SECRET not in repr(made)
        assert SECRET not in repr(dataclasses.replace(defaults(HERE), connection=made))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "is not set"),
        ({"client_secret_env": "ONEROSTER_NONE"}, "ONEROSTER_NONE, which should hold the client secret, is not set"),
        ({"client_secret_env": "ONEROSTER_EMPTY"}, "is empty"),
        ({"client_secret_file": "none.txt"}, "No such file"),
        ({"client_secret_file": "empty.txt"}, "empty first line"),
        ({"client_secret_file": "binary.txt"}, "not UTF-8"),
        ({"client_secret_file": "."}, "cannot be read"),
        ({"client_secret_command": "no-such-program-here x"}, "could not be started"),
        ({"client_secret_command": "sh -c 'echo hunter2-correct-horse; exit 3'"}, "ended with code 3"),
        ({"client_secret_command": "sh -c 'echo; echo hunter2-correct-horse'"}, "printed an empty first line"),
        ({"client_secret_command": "printf '\\377hunter2-correct-horse'"}, "did not print UTF-8"),
        ({"client_secret_command": "sh -c 'echo hunter2-correct-horse >&2; sleep 9'"}, "did not end within"),
    ],
)
def test_a_secret_that_does_not_come_says_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    fields: dict[str, str],
    words: str,
) -> None:
    monkeypatch.setattr("oneroster_tui.config.secret.COMMAND_TIMEOUT", 0.3)
    monkeypatch.setenv("ONEROSTER_EMPTY", "")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"\xff" + SECRET.encode())
    with pytest.raises(ConfigError) as caught:
        connection(tmp_path, **fields).secret()
    assert words in str(caught.value)
    assert caught.value.do
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in "".join(capfd.readouterr())


def test_two_places_for_the_secret_are_one_too_many() -> None:
    problem = one_problem(f'[connection]\nclient_secret = "{SECRET}"\nclient_secret_env = "X"')
    assert "connection.client_secret, connection.client_secret_env" in problem
    assert SECRET not in problem


@pytest.mark.parametrize(
    "text",
    [
        f'client_secret = "{SECRET}"',
        f'[connection]\nclient_secrt = "{SECRET}"',
        f'[connection]\nclient_secret = ["{SECRET}"]',
        f'[[connection]]\nclient_secret = "{SECRET}"',
        f'[connection]\nclient_secret_env = "{SECRET}"',
        f'[connection]\nclient_secret_file = """{SECRET}\n"""',
        f"[connection]\nclient_secret_command = '{SECRET} \"'",
        f'[connection]\nroot_url = "https://me:{SECRET}@sis.example"',
        f'[connection]\nroot_url = "https://sis.example?key={SECRET}"',
        f'[database]\nurl = "mysql://me:{SECRET}@host/x"',
        f'[database]\nurl = ["postgresql://me:{SECRET}@host/x"]',
    ],
)
def test_no_problem_shows_a_secret(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_text(text, HERE)
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


# Anything at all: Settings or ConfigError

scalars = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**310),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["auto", "off", "{", "{username}", "{0}", "http://[", "http://a:b", "sqlite://", "0000-01-01..1"]),
    st.dates(),
    st.times(),
    st.datetimes(),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, max_size=5), inner),
    max_leaves=5,
)


@quick
@given(value=anything, key=st.sampled_from(KEYS))
def test_any_value_for_any_key_makes_settings_or_a_config_error(value: object, key: config.Key) -> None:
    document = {key.table: {key.leaf: value}} if key.table else {key.leaf: value}
    text = tomlkit.dumps(document)
    try:
        assert isinstance(from_text(text, HERE), Settings)
    except ConfigError as error:
        assert str(error)  # noqa: PT017


@quick
@given(data=st.data())
def test_a_mutilated_sample_makes_settings_or_a_config_error(data: st.DataObject, tmp_path: Path) -> None:
    content = SAMPLE.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 200, len(content))))
    path = tmp_path / "config.toml"
    path.write_bytes(content[:start] + data.draw(st.binary(max_size=10)) + content[end:])
    try:
        assert isinstance(load(path), Settings)
    except ConfigError as error:
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(("word", "near"), [("stduent", "student"), ("techer", "teacher"), ("guardians", "guardian")])
def test_a_role_that_is_nearly_one_of_oneroster_is_warned_of(word: str, near: str) -> None:
    (warning,) = from_text(f'[role_mapping]\n{word} = "X"', HERE).warnings
    assert f"role_mapping.{word} is no role of OneRoster; did you mean {near}?" in warning


@pytest.mark.parametrize("word", ["Student", '"ext:studant"', "wizard", "districtadministrator"])
def test_roles_in_any_case_and_the_providers_own_are_not(word: str) -> None:
    assert from_text(f'[role_mapping]\n{word} = "X"', HERE).warnings == ()
