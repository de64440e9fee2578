"""What is in this bundle? A ladder like a service's: the manifest, then each file read to its end, in a person's words."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from oneroster_tui.errors import ExitCode, Unreadable
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.findings import Finding
from oneroster_tui.provider.bundle.walks import BundleWalks
from oneroster_tui.provider.rungs import Rung
from oneroster_tui.records import Collection, Org

FEW = 3
"""Kinds of findings that a rung names."""


def ladder(bundle: Bundle) -> Iterator[Rung]:
    """Reads the whole bundle, file by file; `bundle.orgs` and `bundle.findings` hold from the end on."""
    yield manifest_rung(bundle)
    walks = BundleWalks(bundle)
    for collection in Collection:
        yield file_rung(bundle, walks, collection)


def manifest_rung(bundle: Bundle) -> Rung:
    """What the bundle says of itself."""
    manifest = bundle.manifest
    listed = Counter(manifest.modes.values())
    modes = ", ".join(f"{count} {mode}" for mode, count in sorted(listed.items()))
    system = f", from {manifest.system}" if manifest.system else ""
    found = [one for one in bundle.findings.listed if one.severity != "note"]
    errors = any(one.severity == "error" for one in found)
    text = f"OneRoster {manifest.version}{system}: {modes or 'no file at all'}{remarks(found)}"
    return Rung(
        "manifest", not errors, None, 0.0, text, ExitCode.INCOMPLETE if errors else ExitCode.DONE, deviates=errors
    )


def file_rung(bundle: Bundle, walks: BundleWalks, collection: Collection) -> Rung:
    """Reads one file (users: and that of their roles) to its end."""
    began, before = time.monotonic(), len(bundle.findings.listed)
    mode = bundle.manifest.mode(collection.value)
    walk = walks.open(collection, {})
    orgs = []
    for page in walk:
        if collection is Collection.ORGS:
            orgs += [record for record in page.records if isinstance(record, Org) and record.status == "active"]
    if collection is Collection.ORGS:
        bundle.orgs = orgs
    seconds = time.monotonic() - began
    found = [one for one in bundle.findings.listed[before:] if one.severity != "note"]
    if not walk.complete:
        why = walk.why.rstrip(".")
        return Rung(collection, False, None, seconds, f"{why}{remarks(found)}", ExitCode.INCOMPLETE)
    if mode == "absent":
        return Rung(collection, True, None, seconds, f"absent: what is stored stays{remarks(found)}")
    return Rung(collection, True, None, seconds, f"{walk.received:,} rows, {mode}{remarks(found)}")


def remarks(found: Sequence[Finding]) -> str:
    """How often what was found."""
    counted = Counter(one.code for one in found).most_common()
    if not counted:
        return ""
    named = ", ".join(f"{code} {count:,}" for code, count in counted[:FEW])
    more = f" and {len(counted) - FEW} more kinds" if counted[FEW:] else ""
    return f"; {named}{more}"


def all_orgs(bundle: Bundle) -> list[Org]:
    """Every org of the bundle, for choosing schools.

    Raises:
        Unreadable: orgs.csv cannot be read.
    """
    if bundle.orgs is None:
        rung = file_rung(bundle, BundleWalks(bundle), Collection.ORGS)
        if not rung.good:
            raise Unreadable(
                rung.text, where=bundle.base_url, do="`oneroster-tui check` says all that is wrong with it"
            )
    return bundle.orgs or []
