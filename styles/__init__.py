"""The wardrobe: the style sheets, one a screen and one for the app; found like this from a wheel, too."""

from importlib.resources import files


def sheet(name: str) -> str:
    """The text of a style sheet, by its name without `.tcss`."""
    return files(__name__).joinpath(f"{name}.tcss").read_text(encoding="utf-8")
