"""Refusals: whether a provider says no in OneRoster's words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from oneroster_tui.provider.conformance.trial import Trial
from oneroster_tui.provider.conformance.wire import Heard


def judge_error(trial: Trial, heard: Heard, codes: Collection[str]) -> None:
    """Judges the status information of a refusal.

    1.2 has one object, in one spelling; of 1.1 both shapes that certified providers send are taken.

    Args:
        codes: the minor codes that are right here, in lower case, blanks as `_`; spelled with and without them.
    """
    words = heard.words
    if not any(word.code_major for word in words):
        trial.find("error_body", f"{heard.status} without status information")
        return
    if trial.version == "1.2" and not _is_1_2(heard.document):
        trial.find("error_body_shape", "not imsx_codeMajor, imsx_severity and imsx_CodeMinor with its list")
    found = {code.replace("_", "") for word in words for code in word.code_minor}
    if trial.version != "1.0" and not found & {code.replace("_", "") for code in codes}:
        trial.find("error_code", f"{', '.join(sorted(found)) or 'none'} for {next(iter(codes))}")


def _is_1_2(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    minor = document.get("imsx_CodeMinor")
    listed = minor.get("imsx_codeMinorField") if isinstance(minor, dict) else None
    return (
        document.get("imsx_codeMajor") in ("success", "processing", "failure", "unsupported")
        and document.get("imsx_severity") in ("status", "warning", "error")
        and (minor is None or (isinstance(listed, list) and bool(listed)))
    )
