"""The paint shop: two themes of our own, and which one is first on a terminal."""

from __future__ import annotations

from collections.abc import Container

from textual.theme import Theme

THEMES = (
    Theme(
        name="register",
        primary="#8ab4d8",
        secondary="#9db8a5",
        accent="#e0b56a",
        foreground="#d6dbe0",
        background="#15181c",
        surface="#1a1e23",
        panel="#252b32",
        success="#8fc08a",
        warning="#e0b56a",
        error="#e58a80",
        dark=True,
        variables={"input-cursor-text-style": "reverse", "footer-key-foreground": "#e0b56a"},
    ),
    Theme(
        name="register-light",
        primary="#235a8c",
        secondary="#3f6b4e",
        accent="#8a5a00",
        foreground="#23282d",
        background="#fbfaf7",
        surface="#f3f1ec",
        panel="#e4e1d9",
        success="#2f6b2f",
        warning="#8a5a00",
        error="#a3302a",
        dark=False,
        variables={"input-cursor-text-style": "reverse", "footer-key-foreground": "#8a5a00"},
    ),
)
"""Calm, and with enough contrast for an office window."""


def first_theme(kept: str, available: Container[str], colours: str | None) -> str:
    """The theme to begin with: the one remembered; else ours, or the terminal's own sixteen colours where it has no more."""
    if kept in available:
        return kept
    return "ansi-dark" if colours == "standard" else THEMES[0].name
