"""The key cabinet: the settings in force. It reads config.toml, watches it, saves to it, and stands in for the demo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oneroster_tui import config
from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError
from oneroster_tui.headless import workplace
from oneroster_tui.headless.workplace import Options

if TYPE_CHECKING:
    from oneroster_tui.demo import DemoProvider

Signature = tuple[int, int, int] | None
Seen = Literal["same", "changed", "broken", "mended"]


class Keeper:
    """The settings in force, and what is wrong with the file where something is.

    Attributes:
        settings: the last good ones; the defaults where there never were any.
        error: why the file as it stands cannot be used; None where it can, or where there is none.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.provider: DemoProvider | None = None
        self.error: ConfigError | None = None
        self.path = (
            workplace.demo_path(options) if options.demo else config.find(options.config, os.environ)
        ).absolute()
        self.settings = workplace.demo_defaults(self.path) if options.demo else config.defaults(self.path)
        self._signature = self._sign()
        self._read()

    @property
    def is_new(self) -> bool:
        """Whether there is no file yet."""
        return self._signature is None

    def adopt(self, provider: DemoProvider) -> None:
        """Takes the connection of a demo provider that is running now."""
        self.provider = provider
        self.settings = workplace.with_demo(self.settings, provider)

    def look(self) -> Seen:
        """Sees whether the file changed; where it did, reads it. Old settings stay when the new ones cannot be used."""
        signature = self._sign()
        if signature == self._signature:
            return "same"
        self._signature = signature
        before, error = self.settings, self.error
        self._read()
        if self.error is not None:
            return "broken"
        if error is not None:
            return "mended"
        return "same" if self.settings.fingerprint == before.fingerprint else "changed"

    def save(self, changes: Mapping[str, object]) -> Settings:
        """Saves keys (dotted name -> value, or `config.RESET`) and reads the file again.

        Raises:
            ConfigError: a value is not allowed, somebody else changed the file, or it cannot be written.
        """
        wanted = dict(changes)
        if self.options.demo and self.is_new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            roles = {f"role_mapping.{role}": local for role, local in self.settings.role_mapping.items()}
            wanted = {"source": self.settings.source, **roles, **wanted}
        config.save(self.path, wanted, expected=self.settings.fingerprint)
        self._signature = self._sign()
        self._read()
        if self.error is not None:
            raise self.error
        return self.settings

    def _read(self) -> None:
        """Reads the file; notes what is wrong with it. A missing one is not wrong: it is a first start."""
        self.error = None
        try:
            if self.options.demo:
                self.settings = workplace.demo_settings(self.options)
            elif self._signature is not None or self.options.config is not None:
                self.settings = config.load(self.path)
        except ConfigError as error:
            if self._signature is not None:
                self.error = error
        if self.provider is not None:
            self.settings = workplace.with_demo(self.settings, self.provider)

    def _sign(self) -> Signature:
        """What tells one state of the file from another, without reading it; None where it is missing."""
        try:
            facts = Path(self.path).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
