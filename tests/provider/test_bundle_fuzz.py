"""Whatever a bundle is, reading it ends in records, problems or a clear error; never in an exception, never in silence."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.probe import ladder
from oneroster_tui.provider.bundle.report import report_of
from oneroster_tui.provider.bundle.walks import BundleWalks
from oneroster_tui.records import Collection
from tests.bundles import texts_of, zipped
from tests.lab import small_district

EXAMPLES = int(os.environ.get("BUNDLE_EXAMPLES", "40"))
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FILES = ("manifest", "orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments")
GOOD = {version: texts_of(small_district(), version) for version in ("1.0", "1.1", "1.2")}

file = st.sampled_from(FILES).map(lambda name: f"{name}.csv")
piece = st.one_of(
    st.sampled_from(
        ('"', ",", "\r", "\n", "\r\n", "\0", "\ufeff", "tobedeleted", "a,b", "'", ";", "=x", "\u202e", " ")
    ),
    st.text(max_size=8),
)
bytes_in = st.one_of(st.binary(max_size=300), piece.map(lambda text: text.encode("utf-8", "surrogatepass")))
slip = st.tuples(file, st.integers(0, 2000), st.integers(0, 30), bytes_in)
"""In a file, from a place on, so many bytes are replaced by others."""


def slipped(version: str, slips: list[tuple[str, int, int, bytes]]) -> dict[str, str | bytes]:
    """A good bundle with some bytes changed."""
    texts = dict(GOOD[version])
    for name, place, length, new in slips:
        if name in texts:
            text = texts[name]
            raw = text.encode() if isinstance(text, str) else text
            at = place % (len(raw) + 1)
            texts[name] = raw[:at] + new + raw[at + length :]
    return texts


def read_through(make: Callable[[Path], Path]) -> None:
    """Reads a bundle to its end, and writes its report."""
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "bundle.zip")
        try:
            bundle = Bundle(path)
        except Unreadable:
            return
        with bundle:
            rungs = list(ladder(bundle))
            report = report_of(bundle)
        assert all(rung.good or rung.text for rung in rungs)
        for as_json in (False, True):
            report.write(io.StringIO(), as_json=as_json)
        assert set(report.imported) | set(report.rejected) <= {f"{name}.csv" for name in FILES}


@fuzzed
@given(version=st.sampled_from(("1.0", "1.1", "1.2")), slips=st.lists(slip, min_size=1, max_size=4))
def test_slips_in_files(version: str, slips: list[tuple[str, int, int, bytes]]) -> None:
    read_through(lambda path: zipped(path, slipped(version, slips)))


@fuzzed
@given(
    version=st.sampled_from(("1.1", "1.2")),
    name=file,
    content=st.one_of(st.binary(max_size=2000), st.text(max_size=500)),
)
def test_any_content(version: str, name: str, content: bytes | str) -> None:
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    read_through(lambda path: zipped(path, GOOD[version] | {name: raw}))


@fuzzed
@given(cut=st.integers(0, 8000), place=st.integers(0, 8000), new=st.binary(min_size=1, max_size=40))
def test_slips_in_the_zip(cut: int, place: int, new: bytes) -> None:
    def make(path: Path) -> Path:
        raw = zipped(path, GOOD["1.1"]).read_bytes()
        at = place % len(raw)
        raw = raw[:at] + new + raw[at + len(new) :]
        path.write_bytes(raw[: len(raw) - cut % len(raw)] if cut % 3 == 0 else raw)
        return path

    read_through(make)


@fuzzed
@given(content=st.binary(max_size=400))
def test_any_bytes_for_a_zip(content: bytes) -> None:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    read_through(make)


@fuzzed
@given(names=st.lists(st.text(min_size=1, max_size=30), max_size=5))
def test_any_names_in_a_zip(names: list[str]) -> None:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name in dict.fromkeys(names):
                archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), "sourcedId\r\n1\r\n")
        return path

    read_through(make)


@fuzzed
@given(slips=st.lists(slip, min_size=1, max_size=3))
def test_every_row_is_a_record_or_a_problem(slips: list[tuple[str, int, int, bytes]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Bundle(zipped(Path(folder) / "b.zip", slipped("1.1", slips))) as bundle,
    ):
        walks = BundleWalks(bundle)
        for collection in Collection:
            walk, rows, kept, lost = walks.open(collection, {}), 0, 0, 0
            for page in walk:
                rows += page.count
                kept += len(page.records)
                lost += sum(problem.severity == "error" for problem in page.problems)
            assert rows == kept + lost == walk.received
            assert walk.complete or walk.why
