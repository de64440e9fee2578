"""The washroom: text that came from elsewhere is cleaned here before a person, a log or a terminal sees it.

Pure, and at the bottom of the house beside records and errors: anybody may import it.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # operating system command: window titles, links
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # device control and other strings
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequence: colours, cursor
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # C0 and C1 controls; \t \n \v \f \r \x1c-\x1f \x85 count as white space
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi controls, the invisible
    "\U000e0000-\U000e007f]"  # tags: text that hides inside text
)
_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""What a formula begins with (OWASP, CSV injection), full-width forms included."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def sanitise(text: str, limit: int = 300) -> str:
    """Make remote text safe to print: no control, escape or bidi characters, single blanks, at most `limit` characters.

    ANSI escape sequences go as a whole, so that no `[31m` stays behind. Markup of Rich or Textual is left as it is:
    whoever renders text as markup escapes it.

    Args:
        text: what a provider (or a file) sent.
        limit: the most characters that come back, the ellipsis included.
    """
    if not (text.isascii() and text.isprintable()):  # nearly all text is plain: the log calls this per record
        text = _SURROGATES.sub("\ufffd", _UNSEEN.sub("", _ESCAPES.sub("", text)))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what begins like one, or like such a text.

    Spreadsheets pass over blanks and characters that nobody sees; so only the first that is seen counts. Not for files that
    a program reads: there the apostrophe would be one letter of the name.
    """
    if text[:1].isalnum():  # nearly all texts
        return text
    if text.startswith(("'", "\t", "\r", "\n")):
        return f"'{text}"
    seen = next((letter for letter in text if letter.isprintable() and letter != " "), " ")
    return f"'{text}" if seen in _FORMULA else text
