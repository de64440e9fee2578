"""`oneroster-tui schedule`: what starts the sync every night, ready to be copied; it writes nothing itself."""

from __future__ import annotations

import getpass
import hashlib
import shlex
import socket
import sys
from pathlib import Path

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode
from oneroster_tui.headless.log_file import file_name
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened

FIRST_HOUR, WINDOW_MINUTES = 3, 120
"""The sync starts somewhere from 03:00 to 04:59: off-peak, and after the hour that daylight saving time skips or repeats."""


def schedule(options: Options, output: Output, *, cron: bool) -> ExitCode:
    """Prints a systemd service and timer, or crontab lines, for this config on this machine.

    Raises:
        ConfigError: the config cannot be used, or it is the demo's.
    """
    if options.demo:
        raise ConfigError("The demo district needs no schedule.", where="--demo", do="leave --demo out")
    with opened(options) as settings:
        hour, minute = when(socket.gethostname(), settings.source)
        text = crontab(settings, hour, minute) if cron else units(settings, hour, minute)
    if not output.json:
        output.line(text.rstrip("\n"))
    output.result({"exit_code": 0, "at": f"{hour:02}:{minute:02}", "kind": "cron" if cron else "systemd", "text": text})
    return ExitCode.DONE


def when(host: str, source: str) -> tuple[int, int]:
    """Hour and minute, drawn from the names of machine and source: not every server of a state at 03:00, always the same."""
    digest = hashlib.sha256(f"{host}/{source}".encode()).digest()
    minutes = int.from_bytes(digest[:8]) % WINDOW_MINUTES
    return FIRST_HOUR + minutes // 60, minutes % 60


def program() -> list[str]:
    """The words that start this program: its console script, or the interpreter with the package."""
    python = Path(sys.executable).absolute()  # not resolved: a virtual environment's link leads out of it
    script = python.with_name("oneroster-tui")
    return [str(script)] if script.exists() else [str(python), "-m", "oneroster_tui"]


def command(settings: Settings, *words: str) -> list[str]:
    """A command line for this config."""
    return [*program(), *words, "--config", str(settings.path)]


def crontab(settings: Settings, hour: int, minute: int) -> str:
    """Crontab lines: the sync, and at noon a look whether there was one."""
    log = "/dev/null" if settings.log.folder else shlex.quote(str(settings.path.parent / "oneroster.log"))
    append = ">" if settings.log.folder else ">>"
    return "\n".join(
        [
            f"# oneroster-tui, source {settings.source}: put these lines into `crontab -e` of the user who owns the roster.",
            "# Cron mails what is on stderr. Exit code 4: removals are held, somebody has to decide (see `status`).",
            *environment_notes(settings, "# "),
            f"{minute} {hour} * * * umask 077; {cron_words(command(settings, '--sync'))} {append}{log.replace('%', chr(92) + '%')}",
            "# Tells whoever is named in [notify] when the roster has grown old; prints nothing else.",
            f"{minute} 12 * * * {cron_words(command(settings, 'status'))} >/dev/null",
            "",
        ]
    )


def cron_words(words: list[str]) -> str:
    """Words as cron's shell reads them; % would end the command."""
    return shlex.join(words).replace("%", "\\%")


def units(settings: Settings, hour: int, minute: int) -> str:
    """A service and a timer, and where they belong."""
    name = f"oneroster-{file_name(settings.source)}"
    return f"""\
# Save the two parts as these files, then:  systemctl daemon-reload && systemctl enable --now {name}.timer
# A run by hand:  systemctl start {name}.service      Its log:  journalctl -u {name}

# /etc/systemd/system/{name}.service
[Unit]
Description=OneRoster sync of {specifiers(settings.source)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={getpass.getuser()}
ExecStart={systemd_words(command(settings, "--sync"))}
# 3: done, with records that could not be used. 8: a blackout. Both are as they should be.
# 4 (removals are held) stays a failure on purpose: somebody has to decide, and `systemctl --failed` shows it.
SuccessExitStatus=3 8
TimeoutStartSec=4h
# SIGTERM ends a run cleanly: the roster is as before or as after.
KillSignal=SIGTERM
TimeoutStopSec=60
Nice=10
{chr(10).join([*environment_notes(settings, "# "), *hardening(settings)])}

# /etc/systemd/system/{name}.timer
[Unit]
Description=OneRoster sync of {specifiers(settings.source)}, every night

[Timer]
# The minute is drawn from this machine's name, so that not every server asks the provider at the same moment.
OnCalendar=*-*-* {hour:02}:{minute:02}:00
# A machine that was off at that time syncs when it is on again.
Persistent=true

[Install]
WantedBy=timers.target
"""


def hardening(settings: Settings) -> list[str]:
    """What the service may not do; it writes to the folders that the config names, and nowhere else."""
    folders = {str(folder): None for folder in written_folders(settings)}
    return [
        "UMask=0077",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectControlGroups=yes",
        "ProtectClock=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "CapabilityBoundingSet=",
        "# These folders have to be there before the service starts.",
        *(f"ReadWritePaths={systemd_words([folder])}" for folder in folders),
    ]


def written_folders(settings: Settings) -> list[Path]:
    """The folders a run writes to."""
    found = []
    if settings.database.url.startswith("sqlite"):
        from oneroster_tui.roster.database import sqlite_path

        found.append(sqlite_path(settings.database.url, settings.path.parent).parent)
    if settings.log.folder:
        found.append(settings.beside(settings.log.folder))
    if settings.monitoring.textfile:
        found.append(settings.beside(settings.monitoring.textfile).parent)
    return [folder.absolute() for folder in found]


def environment_notes(settings: Settings, mark: str) -> list[str]:
    """A reminder of each environment variable that the config reads: cron and systemd have an environment of their own."""
    variables = (settings.connection.client_secret_env, settings.notify.smtp_password_env)
    return [
        f"{mark}{variable} has to be set for this: for systemd with EnvironmentFile= (mode 0600), for cron in a script of yours."
        for variable in variables
        if variable
    ]


def specifiers(text: str) -> str:
    """Text in a unit file: % begins a specifier."""
    return text.replace("%", "%%")


def systemd_words(words: list[str]) -> str:
    """Words as systemd reads them: quoted where a blank or a quote is in them, with % and $ doubled."""
    found = []
    for word in words:
        plain = specifiers(word).replace("$", "$$")
        if any(letter in plain for letter in " \t\"'\\;"):
            plain = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
        found.append(plain)
    return " ".join(found)
