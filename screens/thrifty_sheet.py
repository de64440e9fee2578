"""The laundry: the app's style sheet, washed only where it changed."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class ThriftySheet(Stylesheet):
    """A style sheet that parses a source once for each set of colours.

    Textual parses everything again at each start of a mode and each new screen: 4 ms a time, five times before the
    first frame.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        """Takes the theme's variables; what was parsed stays where they are the same."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parses what is new or has other variables. An error leaves the old rules in force."""
        if self._require_parse:
            self.parse()
