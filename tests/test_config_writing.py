"""Writing config.toml: what survives, what is refused, and that nobody ever sees half a file."""

from __future__ import annotations

import os
import stat
import string
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.config import KEYS, RESET, Key, Period, Settings, defaults, fingerprint, load, parse_value, save
from oneroster_tui.errors import ConfigError

SAMPLE = (Path(__file__).parent.parent / "config.toml").read_text(encoding="utf-8")
SECRET = "hunter2-correct-horse"

TEXT = """\
# My district
source = "oak"  # the oak

# how to get there
[connection]
client_id = 'me'   # mine
root_url = "https://old.example"  # the old one
colour = "green"   # nobody knows this key

[schools]
# asked by phone
sync = [
  "s1",  # Lincoln
  "s2",  # Washington
  # more next year
  "s3",
]

[role_mapping]
Student = "Pupil"  # as the law calls them
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the config is (or will be)."""
    return tmp_path / "config.toml"


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def value_of(made: Settings, name: str) -> object:
    """The value of a dotted key."""
    value: object = made
    for part in name.split("."):
        value = getattr(value, part)
    return value


# What survives


def test_a_change_leaves_everything_else_alone(path: Path) -> None:
    path.write_text(TEXT)
    save(path, {"connection.root_url": "https://new.example"})
    assert path.read_text() == TEXT.replace("https://old.example", "https://new.example")


def test_comments_beside_list_entries_that_stay_survive(path: Path) -> None:
    path.write_text(TEXT)
    save(path, {"schools.sync": ("s1", "s3", "s4")})
    text = path.read_text()
    assert '"s1",  # Lincoln' in text
    assert "# more next year" in text
    assert "Washington" not in text
    assert tomllib.loads(text)["schools"]["sync"] == ["s1", "s3", "s4"]


def test_a_new_order_is_kept_as_given(path: Path) -> None:
    path.write_text(TEXT)
    save(path, {"schools.sync": ["s3", "s1"]})
    assert tomllib.loads(path.read_text())["schools"]["sync"] == ["s3", "s1"]
    assert "# asked by phone" in path.read_text()


def test_a_role_keeps_the_case_it_was_written_in(path: Path) -> None:
    path.write_text(TEXT)
    save(path, {"role_mapping.student": "Learner", "role_mapping.ext:coach": "Trainer"})
    assert 'Student = "Learner"  # as the law calls them' in path.read_text()
    save(path, {"role_mapping.STUDENT": RESET})
    assert tomllib.loads(path.read_text())["role_mapping"] == {"ext:coach": "Trainer"}


def test_a_first_role_does_not_silence_the_default_ones(path: Path) -> None:
    save(path, {"role_mapping.aide": "Aide"})
    assert load(path).role_mapping == {"student": "Student", "teacher": "Teacher", "aide": "Aide"}
    assert defaults(path).role_mapping == {"student": "Student", "teacher": "Teacher"}
    save(path, {"role_mapping": {"aide": "Helper"}})
    assert load(path).role_mapping == {"aide": "Helper"}


def test_a_change_of_nothing_writes_nothing(path: Path) -> None:
    path.write_text(TEXT)
    os.utime(path, ns=(1, 1))
    assert save(path, {"connection.client_id": "me"}) == fingerprint(path)
    assert path.stat().st_mtime_ns == 1


def test_windows_line_ends_stay(path: Path) -> None:
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    save(path, {"connection.client_secret_env": "X", "sync.grace_runs": 2})
    content = path.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > TEXT.count("\n")


def test_odd_but_valid_forms_are_edited_or_refused_never_spoilt(path: Path) -> None:
    path.write_text('schools = {sync = ["a"]}\nconnection.client_id = "x"\n[sync]\n')
    save(path, {"schools.sync": ["b"], "connection.timeout": 5, "sync.grace_runs": 1, "source": "oak"})
    made = load(path)
    assert (made.schools.sync, made.connection.client_id, made.connection.timeout) == (("b",), "x", 5.0)
    assert (made.sync.grace_runs, made.source) == (1, "oak")


def test_reset_takes_the_key_out(path: Path) -> None:
    path.write_text(SAMPLE)
    save(path, {"connection.client_secret": RESET, "connection.client_secret_env": "X", "sync.terms": RESET})
    text = path.read_text()
    assert "demo-secret" not in text
    assert "terms" not in tomllib.loads(text)["sync"]
    assert load(path).connection.secret_origin() == "environment variable X"


# The file


def test_a_missing_file_and_folder_are_made_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save(path, {"connection.client_id": "me", "source": "oak"})
    assert mode(path) == 0o600
    assert load(path).connection.client_id == "me"
    assert path.read_text().startswith('source = "oak"\n')


def test_the_mode_stays_unless_a_secret_comes_in(path: Path) -> None:
    path.write_text(TEXT.replace('colour = "green"   # nobody knows this key\n', ""))
    path.chmod(0o664)
    save(path, {"source": "elm"})
    assert mode(path) == 0o664
    save(path, {"connection.client_secret": SECRET})
    assert mode(path) == 0o600
    assert load(path).connection.secret() == SECRET
    assert load(path).warnings == ()


def test_a_symlink_is_followed_not_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text('source = "oak"\n')
    link.symlink_to(real)
    save(link, {"source": "elm"})
    assert link.is_symlink()
    assert real.read_text() == 'source = "elm"\n'


def test_a_concurrent_edit_is_refused(path: Path) -> None:
    path.write_text(SAMPLE)
    made = load(path)
    path.write_text(SAMPLE + "# by hand\n")
    with pytest.raises(ConfigError, match="changed by somebody else"):
        save(path, {"source": "elm"}, expected=made.fingerprint)
    assert path.read_text().endswith("# by hand\n")
    after = save(path, {"source": "elm"}, expected=fingerprint(path))
    save(path, {"source": "oak"}, expected=after)
    path.unlink()
    with pytest.raises(ConfigError, match="changed by somebody else"):
        save(path, {"source": "elm"}, expected=after)
    assert not path.exists()


def test_an_edit_during_the_save_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(SAMPLE)
    real = os.fsync

    def edit_then_sync(handle: int) -> None:
        path.write_text("# by hand\n")
        real(handle)

    monkeypatch.setattr(os, "fsync", edit_then_sync)
    with pytest.raises(ConfigError, match="changed by somebody else"):
        save(path, {"source": "elm"})
    assert path.read_text() == "# by hand\n"
    assert os.listdir(path.parent) == ["config.toml"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(SAMPLE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ConfigError, match="No space left"):
        save(path, {"source": "elm"})
    assert path.read_text() == SAMPLE
    assert os.listdir(path.parent) == ["config.toml"]


# What is refused


def test_all_bad_changes_are_named_at_once(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        save(path, {"sync.page_size": 3, "connection.timeout": "soon", "role_mapping.student": 5})
    assert len(caught.value.problems) == 3
    assert "did you mean connection.page_size" in caught.value.problems[0]
    assert not path.exists()


def test_a_change_that_breaks_the_file_as_a_whole_is_refused(path: Path) -> None:
    path.write_text(SAMPLE)
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        save(path, {"connection.client_secret_env": "X"})
    assert "only one of them" in caught.value.problems[0]
    assert "demo-secret" not in str(caught.value)
    assert path.read_text() == SAMPLE


def test_mistakes_of_before_can_be_mended_one_by_one(path: Path) -> None:
    path.write_text('[connection]\ntimeout = "soon"\nconcurrency = 99\n')
    save(path, {"connection.timeout": 5})
    save(path, {"connection.concurrency": 5})
    assert load(path).connection.timeout == 5.0


@pytest.mark.parametrize("text", ["connection = 3\n", "role_mapping = 3\n", "not toml\n"])
def test_a_file_beyond_editing_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError):
        save(path, {"connection.client_id": "me", "role_mapping.student": "x"})
    assert path.read_text() == text


def test_text_that_is_no_unicode_is_refused_before_the_file_is_touched(path: Path) -> None:
    with pytest.raises(ConfigError):
        save(path, {"connection.client_secret": "\ud800"})
    assert not path.exists()


# Round trips

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
names = texts.filter(lambda text: bool(text.strip()))
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
periods = st.builds(lambda day, length: Period(day, day + timedelta(length)), days, st.integers(0, 400))
urls = st.sampled_from(["", "https://sis.example", "http://[::1]:80/a/b", "https://sis.example/%22/'x'"])


def values(key: Key) -> st.SearchStrategy[object]:
    """Values that a key takes, as Settings holds them."""
    words = st.sampled_from([None if word == "off" else word for word in key.choices]) if key.choices else st.nothing()
    high = 10**6 if key.high is None else key.high
    return {
        "text": texts,
        "name": names,
        "secret": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "variable": st.text(string.ascii_uppercase, max_size=5),
        "command": st.sampled_from(["", "pass show 'my \"secret\"'", "a\\ b"]),
        "url": urls,
        "base url": urls,
        "database url": st.sampled_from(["sqlite:////var/lib/roster.db", "postgresql://a:b@c/d", "cockroachdb://h/x"]),
        "choice": words,
        "whole": words | st.integers(key.low, high),
        "number": words | st.floats(key.low, high),
        "texts": st.lists(names, max_size=4).map(tuple),
        "periods": st.lists(periods, max_size=3).map(tuple),
        "roles": st.dictionaries(names, texts, max_size=3),
        "ids": st.dictionaries(names, st.integers(1, 10**6), max_size=3),
        "optional template": st.sampled_from(["", "{sourced_id}@example.invalid"]),
        "course template": st.sampled_from(["", "{class_code}", "{school}-{title}"]),
        "template": st.sampled_from(["{email}", "{given_name}.{family_name}", "{{{sourced_id}}}"]),
    }[key.kind]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), start=st.sampled_from(["", TEXT.replace("colour", "# colour"), SAMPLE]))
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, data: st.DataObject, start: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(start)
    before = load(path)
    chosen = data.draw(st.lists(st.sampled_from(KEYS), max_size=4, unique=True))
    changes: dict[str, object] = {key.name: data.draw(values(key), label=key.name) for key in chosen}
    expected: dict[str, object] = {}
    try:
        save(path, changes, expected=before.fingerprint)
        expected = changes
    except ConfigError as error:
        assert "only one of them" in str(error) or "twice" in str(error)  # noqa: PT017
        assert path.read_text() == start
    after = load(path)
    for key in KEYS:
        wanted = expected.get(key.name, value_of(before, key.name))
        if key.kind == "roles":
            wanted = {role.strip().lower(): local for role, local in dict(wanted).items()}  # type: ignore[call-overload]
        elif key.kind == "texts" and isinstance(wanted, tuple):
            wanted = tuple(dict.fromkeys(wanted))
        assert value_of(after, key.name) == wanted
    comments = [line for line in start.splitlines() if line.startswith("#")]
    assert [line for line in path.read_text().splitlines() if line in comments] == comments


def test_parsing_is_the_same_for_a_screen(path: Path) -> None:
    key = next(key for key in KEYS if key.name == "guards.max_remove_percent")
    assert parse_value(key, "off") is None
    save(path, {key.name: None})
    assert tomllib.loads(path.read_text())["guards"]["max_remove_percent"] == "off"
