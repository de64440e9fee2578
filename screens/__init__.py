"""The face: one file a screen. Only this package and oneroster_tui.app import Textual."""
