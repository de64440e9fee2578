"""oneroster-tui: a OneRoster rostering consumer. Everything that works without a screen lives in this package."""

__version__ = "0.1.0"
