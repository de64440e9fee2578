"""The .tcss files of the screens, found through importlib.resources."""
