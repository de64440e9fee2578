"""The provider's words: whatever an answer says of an error, in whatever shape, is read and kept short."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.provider.statusinfo import provider_words, read_status

SHAPES: dict[str, object] = {
    "1.2": {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": "bad filter",
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [
                {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": "invalid_filter_field"}
            ]
        },
    },
    "Ed-Fi": {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_codeMinor": "invalid_filter_field",
        "imsx_description": "bad filter",
    },
    "1.1 statusInfoSet": {
        "statusInfoSet": [
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_codeMinor": "invalid_filter_field",
                "imsx_description": "bad filter",
            }
        ]
    },
    "1.1 errors": {
        "errors": [
            {
                "codeMajor": "FAILURE",
                "severity": "Error",
                "codeMinor": "Invalid filter field",
                "description": "bad filter",
            }
        ]
    },
    "1.0 errors": {
        "errors": {
            "codeMajor": "FAILURE",
            "severity": "ERROR",
            "codeMinor": "INVALID_FILTER_FIELD",
            "description": "bad filter",
        }
    },
    "warnings": {
        "users": [],
        "warnings": [
            {
                "codeMajor": "failure",
                "severity": "error",
                "codeMinor": ["invalid_filter_field"],
                "description": "bad filter",
            }
        ],
    },
}
SHAPES["wrapped"] = {"imsx_StatusInfo": SHAPES["1.2"]}
SHAPES["wrapped twice"] = {"errors": [{"imsx_StatusInfo": SHAPES["1.2"]}]}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_a_status_object_is_read(shape: object) -> None:
    (status,) = read_status(shape)
    assert (status.code_major, status.severity) == ("failure", "error")
    assert status.code_minor == ("invalid_filter_field",)
    assert status.description == "bad filter"
    assert provider_words(json.dumps(shape).encode()) == "invalid_filter_field: bad filter"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"no"}', "no"),
        (b'{"Message":"no"}', "no"),
        (b'{"title":"Bad","detail":"no"}', "no"),
        (b'{"error":"x","error_description":"no"}', "no"),
        (b'"no"', "no"),
        (b"no \x1b[31mred\xff", "no red\ufffd"),
        (b"<p>no</p>", ""),
        (b"", ""),
        (b"[1]", ""),
        (b'{"users":[]}', ""),
        (b'{"error":{"message":"deep"}}', ""),
        (b"[" * 5000, "[" * 299 + "…"),
    ],
)
def test_other_words(body: bytes, words: str) -> None:
    assert provider_words(body) == words


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["imsx_StatusInfo", "errors", "codeMinor", "imsx_description", "x"]), inner
            )
        ),
    )
)
def test_any_payload_is_survived(payload: object) -> None:
    assert len(provider_words(json.dumps(payload).encode())) <= 300
