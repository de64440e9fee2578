"""`oneroster-tui migrate-db URL`: the roster moves to another database."""

from __future__ import annotations

from urllib.parse import urlsplit

from oneroster_tui.errors import ConfigError, ExitCode, RosterError
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster.database import is_server, open_roster, public_url
from oneroster_tui.roster.moving import move

NEW = "name a file that is not there yet, in a folder that can be written; nothing was moved"


def migrate_db(options: Options, output: Output, url: str) -> ExitCode:
    """Copies the config's roster into an empty database, and says what to change then. The old one stays as it is.

    Raises:
        ConfigError: the url is not understood, or holds a password, or names a database that is not empty.
        RunLocked, RosterError: and then nothing was moved.
    """
    refuse_password(url)
    with opened(options) as settings, roster_of(settings, create=False) as source:
        try:
            target = open_roster(url, settings.path.parent)
        except RosterError as error:
            raise ConfigError(
                f"The roster cannot move there: {error.what}", where=error.where, do=error.do if is_server(url) else NEW
            ) from error
        try:
            output.line(f"From {source.place}")
            output.line(f"To   {target.place}")
            counts = move(source, target, lambda table, rows: output.line(f"  {table}: {rows:,} rows"))
        finally:
            target.close()
        total = sum(counts.values())
        output.line(f"Moved {total:,} rows, counted at both ends. The old roster is as it was, and no longer needed.")
        output.line(
            f'Next: set [database] url = "{public_url(url)}" in {settings.path}, and see: {output.command} status'
        )
        output.result({"exit_code": 0, "from": source.place, "to": target.place, "rows": counts})
    return ExitCode.DONE


def refuse_password(url: str) -> None:
    """Refuses a password on the command line, where every user of the machine can read it.

    Raises:
        ConfigError: there is one.
    """
    try:
        parts = urlsplit(url)
        found = parts.password is not None or "password=" in parts.query
    except ValueError:
        return  # opening it says what is wrong
    if found:
        raise ConfigError(
            "A password must not stand on the command line: other users of this machine could read it.",
            where="the url to move to",
            do="leave it out there, and give it in PGPASSWORD or ~/.pgpass",
        )
