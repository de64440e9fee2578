"""The wardrobe: the style sheets, one a screen and one for the app; found like this from a wheel, too."""

from pkgutil import get_data  # importlib.resources would do the same, and cost a first paint ten milliseconds


def sheet(name: str) -> str:
    """The text of a style sheet, by its name without `.tcss`."""
    return (get_data(__name__, f"{name}.tcss") or b"").decode()
