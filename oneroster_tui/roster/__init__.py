"""The local store: schema, migrations and every read of it; knows nothing of HTTP."""

import sys

if "peewee" not in sys.modules:
    # peewee loads every PostgreSQL driver that is installed, a tenth of a second that most rosters have no use for;
    # `postgres` loads the one it works with itself.
    _drivers = {name: sys.modules.get(name) for name in ("psycopg", "psycopg2")}
    sys.modules.update(dict.fromkeys(_drivers))  # type: ignore[arg-type]
    try:
        import peewee  # noqa: F401
    finally:
        for _name, _driver in _drivers.items():
            if _driver is None:
                del sys.modules[_name]
            else:
                sys.modules[_name] = _driver
