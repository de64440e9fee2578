"""docs/bundles.md, made from the codes and the faulty bundles: `python -m tests.provider.bundle_docs > docs/bundles.md`."""

from __future__ import annotations

import sys

from oneroster_tui.provider.bundle.findings import CODES
from oneroster_tui.provider.bundle.header import ESSENTIAL
from tests.provider.bundle_faults import FAULTS

HEAD = """\
# Bundles: OneRoster as CSV files

Half of the field exchanges OneRoster as zip files. A bundle is read by the same sync as a service: the same plan, guards, log,
audit and undo. **This page is generated from the tests**: every code below is met by a faulty bundle in
`tests/provider/bundle_faults.py`, whose report must be exactly as expected.

```sh
oneroster-tui check --bundle roster.zip                            # what can be read and what not, file by file; the schools in it
oneroster-tui schools --bundle roster.zip --select 300010          # which schools to sync
oneroster-tui sync --bundle roster.zip --plan                      # what would change
oneroster-tui sync --bundle roster.zip --report report.csv         # the sync, and a report (or report.json)
```

Or for every night, in config.toml (then `--bundle` is not needed); in the interface it is the third choice on Connection:

```toml
[connection]
bundle = "/srv/sftp/roster"        # a zip, a folder of CSV files, or a folder where zips arrive
```

## What is read

* Versions 1.0 (seven files, no manifest), 1.1, 1.2 and 1.2.1. Of the files: orgs, academicSessions, courses, classes, users,
  roles (1.2) and enrollments. The others are recognised, and left alone.
* A zip, or a folder with the CSV files in it. In **a folder where zips arrive** the newest whole one is taken, by time and then
  by name, and said; one that is still being written is passed over. Where deltas arrive none is passed over: they are read one
  after another, from the newest bundle that holds everything; one that cannot be read stops there, until it is mended or a
  whole bundle comes.
* Nothing is unpacked to disk, and memory does not grow with the files: they may have gigabytes.

## Bulk, delta, absent

The manifest says of each file what it is, and any mixture is read:

| | a record that is not in it | `tobedeleted` |
| --- | --- | --- |
| `bulk` | is removed (`on_removed`, guards and grace as ever) | is honoured, though the standard has none there |
| `delta` | stays as it is | is removed |
| `absent` | stays as it is | - |

A file that is announced and missing, damaged, or without a column that matters makes the pull **incomplete** (exit code 7):
what came is used, and **nobody is removed**. So does a file of which the manifest says neither bulk nor delta. Deltas of 1.2's
roles are told apart by person, org and role. Where people are merged (`merge_users`), users and enrollments have to be bulk.

## What is forgiven

Read nonetheless, and said in the report: byte order marks (without a word), UTF-16, single bytes of Windows-1252, NULs, any
line ending, semicolons and tabs, headers in another case or with unseen characters, columns in another order, unknown columns,
columns that may be blank and are missing, blank cells left out at the end or added there, blank lines, line breaks in a cell,
dates and truth values in other forms, words in another case, files in one folder, names in another case, `status` in bulk
files, a manifest that is missing.

Refused: a misspelt column (the right name is suggested) and a missing one without which everybody would seem to have lost
something:

"""

ESSENTIAL_HEAD = "| file | columns that must be there |\n| --- | --- |\n"

REPORT = """
In users.csv of 1.0 and 1.1 also `orgSourcedIds` and `role`; in a delta also `status`.

A row that cannot be used is a problem, not a removal: its record counts as listed, and its row in the roster stays. A quotation
mark that is not closed costs its own line, not the file. Zip bombs, encrypted files, names that lead out of the zip and links
are not opened.

## The report

`--report FILE` writes CSV or JSON by the file's ending; `check --bundle` shows the same. First what certification asks for:
Test Identifier (the zip's name), Test Date, Status, CSV Files Imported, CSV Files Rejected, Comment; then each finding with
file, row (the line in the file, the header being 1), column, code, severity, whether it was used, and a sentence. Of a kind
that is too common the first 1,000 are listed and the rest counted. Cells are defused, so that no spreadsheet takes them for
formulas. Only you may read the file.

* `error`: what it is about was not used. `warning`: used, although the standard has it otherwise. `note`: allowed, and said.
* **Status** is `Success` where there is neither error nor warning.

Exit codes of `check --bundle`: 0, 3 with errors in rows, 7 where a file could not be read or no bundle is at the path
(not 2: to a nightly run that is a provider that is not there). `sync` ends as with a service.

## The codes

| code | meaning | severity |
| --- | --- | --- |
"""


def page() -> str:
    """The page."""
    severities: dict[str, set[str]] = {code: set() for code in CODES}
    for fault in FAULTS:
        for code, severity, *_ in fault.found:
            severities[code].add(severity)
    essential = "".join(
        f"| {file}.csv | {', '.join(f'`{column}`' for column in columns)} |\n" for file, columns in ESSENTIAL.items()
    )
    codes = "".join(f"| `{code}` | {text} | {', '.join(sorted(severities[code]))} |\n" for code, text in CODES.items())
    return HEAD + ESSENTIAL_HEAD + essential + REPORT + codes


if __name__ == "__main__":
    sys.stdout.write(page())
