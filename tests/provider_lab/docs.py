"""docs/providers.md, made from the table of quirks: `python -m tests.provider_lab.docs > docs/providers.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tests.provider_lab import quirks_access, quirks_paging, quirks_records, quirks_values  # noqa: F401 -- fill the table
from tests.provider_lab.table import QUIRKS, Quirk

HEAD = """\
# Providers: what real servers send, and what becomes of it

The specification is one thing, a server in the field another. This page lists what providers are known to do, what
this program makes of it, and what you see. **It is generated from the tests**: each row is a provider in `tests/provider_lab`
that does exactly this over HTTP, and a sync against it must leave exactly the right roster, with exactly this exit code and these
words. A row says so where the roster is not what a good provider's would be.

## Versions

| | 1.0 | 1.1 | 1.2 |
| --- | --- | --- | --- |
| path below `root_url` | `/learningdata/v1` | `/ims/oneroster/v1p1` | `/ims/oneroster/rostering/v1p2` |
| a person's schools | `orgs` | `orgs` | the orgs of `roles`; `primaryOrg` only for a role without one |
| a role whose dates have passed | - | - | still a role |
| enrollment dates | none | `beginDate`, `endDate` | `beginDate`, `endDate` |
| `identifier` missing | `userId` | - | `userMasterIdentifier` |
| gone | `inactive`, `tobedeleted` | `tobedeleted` | `tobedeleted` |
| words of your own | - | - | `ext:…`, also as keys of `[role_mapping]` |

Preferred names, profiles, passwords and demographics are not read. Each record tells its version by its fields, so
a provider that mixes them is read too. `oneroster_version` decides the path and the scopes. OAuth 1.0a works with every version.

## When is a collection complete?

Removals happen only after every collection was read completely. That is proved, not assumed: nothing stood after the last row,
as many rows came as the provider said, no row came twice, and (where no total is known) each page began with the last row of
the one before. Where rows moved meanwhile, the collection is read again, sorted by sourcedId if the provider can do that, at most
three times. Otherwise the run ends with 7: what came is used, and nothing is removed.
"""

GROUPS = {
    0: "Good providers",
    1: "Limits",
    2: "Totals, links and offsets",
    3: "Empty and missing collections",
    4: "Rows that move",
    5: "Missing addresses",
    6: "Filters",
    7: "One person, many records",
    8: "Ended is not deleted",
    9: "Ways to delete",
    10: "References that lead nowhere",
    11: "Ids",
    12: "Tokens that end",
    13: "Token endpoints",
    14: "Addresses",
    15: "Busy and broken servers",
    16: "Wrappers",
    17: "Types",
    18: "Dates and times",
    19: "Missing fields",
    20: "Orgs",
    21: "Roles",
    22: "Changes",
    23: "Empty classes",
    24: "Failures in disguise",
    25: "Bytes",
}

CODES = {3: "problems with records", 6: "refused", 7: "unreachable or incomplete"}


def sees(quirk: Quirk) -> str:
    """What the operator sees: exit code, kinds of problems, and the words that the test looks for."""
    codes = {quirk.code} | ({quirk.held_code} if quirk.held_code is not None else set())
    parts = [f"exit {' or '.join(str(code) for code in sorted(codes))}"] if codes != {0} else []
    reported = quirk.problems | (quirk.held_problems or frozenset())
    kinds = sorted({(severity, code) for _, _, severity, code in reported})
    parts += [f"{'a warning' if severity == 'warning' else 'a problem'} `{code}`" for severity, code in kinds]
    if quirk.says:
        parts.append(f"“{quirk.says.strip()}”")
    return "; ".join(parts) or "nothing"


def cell(text: str) -> str:
    """Text that may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def lines(quirks: Iterable[Quirk]) -> Iterable[str]:
    """The tables, group by group."""
    found = sorted(quirks, key=lambda quirk: quirk.number)
    for number, title in GROUPS.items():
        rows = [quirk for quirk in found if quirk.number == number]
        if not rows:
            continue
        yield f"\n### {title}\n"
        yield "| The provider … | Known from | What we do | You see |"
        yield "| --- | --- | --- | --- |"
        for quirk in rows:
            yield (
                "| "
                + " | ".join(cell(text) for text in (quirk.title, quirk.who or "-", quirk.ours, sees(quirk)))
                + " |"
            )


def page() -> str:
    """All of docs/providers.md."""
    meanings = ", ".join(f"{code}: {meaning}" for code, meaning in CODES.items())
    head = f"\n## Quirks\n\nWithout an exit code the run ends with 0 ({meanings})."
    return "\n".join([HEAD + head, *lines(QUIRKS.values())]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
