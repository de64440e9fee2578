"""Dates in the reader's locale, where people read them; ISO 8601 where programs do."""

from __future__ import annotations

import locale
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from screens import dates
from screens.words import when
from tests.screens.conftest import Drive, make_app, press, screen_text

# What the C library has for these locales (`locale -k d_fmt`), and how the 1st of August comes out.
FORMATS = {
    "en_US": ("%m/%d/%Y", "08/01/2025"),
    "en_GB": ("%d/%m/%y", "01/08/2025"),
    "en_CA": ("%Y-%m-%d", "2025-08-01"),
    "de_DE": ("%d.%m.%Y", "01.08.2025"),
    "nl_NL": ("%d-%m-%y", "01-08-2025"),
    "cs_CZ": ("%-d.%-m.%Y", "01.08.2025"),
    "sk_SK": ("%e. %m. %Y", "01.08.2025"),
    "hu_HU": ("%Y-%m-%d", "2025-08-01"),
    "hr_HR": ("%d.%m.%Y.", "01.08.2025"),
    "BSD": ("%D", "08/01/2025"),
    "ja_JP": ("%Y年%m月%d日", "2025-08-01"),
    "th_TH": ("%d/%m/%Ey", "2025-08-01"),
    "hi_IN": ("%A %d %b %Y", "2025-08-01"),
    "twice": ("%d/%d/%Y", "2025-08-01"),
}

Reader = Callable[[str, str], None]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Makes the reader's locale one whose dates have a format."""

    def choose(name: str, told: str) -> None:
        monkeypatch.setattr(locale, "setlocale", lambda _, wanted=None: "C" if wanted is None else name)
        monkeypatch.setattr(locale, "nl_langinfo", lambda _: told)
        dates.date_format.cache_clear()

    yield choose
    dates.date_format.cache_clear()


@pytest.mark.parametrize("name", FORMATS)
def test_a_date_is_as_the_reader_writes_it(reader: Reader, name: str) -> None:
    told, wanted = FORMATS[name]
    reader(f"{name}.UTF-8", told)
    assert dates.told_day("2025-08-01") == wanted
    assert dates.told_date(date(2025, 8, 1)) == wanted
    assert len(wanted) == 10  # what the lists' columns hold


@pytest.mark.parametrize("name", ["C", "POSIX", "C.UTF-8"])
def test_without_a_locale_a_date_is_iso(reader: Reader, name: str) -> None:
    reader(name, "%m/%d/%y")
    assert dates.told_day("2025-08-01") == "2025-08-01"


@pytest.mark.parametrize("stored", ["soon", "2025-13-01", "2025", "[red]"])
def test_what_is_no_date_stays_as_it_is(reader: Reader, stored: str) -> None:
    reader("de_DE.UTF-8", "%d.%m.%Y")
    assert dates.told_day(stored) == stored
    assert dates.told_day(None) == dates.told_day("") == ""


def test_a_locale_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    dates.date_format.cache_clear()
    before = locale.setlocale(locale.LC_TIME)
    assert dates.date_format() == dates.ISO
    assert locale.setlocale(locale.LC_TIME) == before


def test_moments_follow_the_reader_too(reader: Reader) -> None:
    reader("de_DE.UTF-8", "%d.%m.%Y")
    now = datetime(2026, 3, 3, 17, 10, tzinfo=UTC)
    assert when("2026-03-03T03:10:00Z", now) == "03:10"
    assert when("2025-08-01T03:10:00Z", now) == "01.08.2025 03:10"


def test_participants_and_enrolment_show_the_readers_dates(reader: Reader, drive: Drive, demo_folder: Path) -> None:
    reader("de_DE.UTF-8", "%d.%m.%Y")

    async def steps(pilot: Pilot[Any]) -> None:
        for _ in range(3):  # the classes, who takes part in the first, the first of them
            assert "01.08.2026" in screen_text(pilot.app)
            assert "2026-08-01" not in screen_text(pilot.app)
            await press(pilot, "enter")

    drive(make_app(demo_folder, "courses"), steps, (120, 40))
