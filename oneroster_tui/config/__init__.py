"""The config room: config.toml into Settings and back, every mistake named at once, secrets resolved late.

`load` reads and checks, `save` changes single keys and leaves a person's comments alone, `KEYS` is the one table of
what may stand in the file: checks, defaults, screens and docs are made from it. A new key is one line there and one
field in `settings.py`. Importing this room is cheap: tomlkit and platformdirs load when they are needed.
"""

from oneroster_tui.config.keys import KEYS, KEYS_BY_NAME, Key, Kind
from oneroster_tui.config.reading import defaults, find, fingerprint, from_text, load
from oneroster_tui.config.settings import (
    Connection,
    Database,
    Fingerprint,
    Guards,
    History,
    Log,
    Monitoring,
    Moodle,
    Notify,
    Period,
    Schools,
    Settings,
    SyncRules,
)
from oneroster_tui.config.values import BadValueError, allowed, parse_value, plain_value
from oneroster_tui.config.writing import RESET, save

__all__ = [
    "KEYS",
    "KEYS_BY_NAME",
    "RESET",
    "BadValueError",
    "Connection",
    "Database",
    "Fingerprint",
    "Guards",
    "History",
    "Key",
    "Kind",
    "Log",
    "Monitoring",
    "Moodle",
    "Notify",
    "Period",
    "Schools",
    "Settings",
    "SyncRules",
    "allowed",
    "defaults",
    "find",
    "fingerprint",
    "from_text",
    "load",
    "parse_value",
    "plain_value",
    "save",
]
