"""The doorway: how the HTTP client is set up: trust, proxies, limits, and addresses that can be called at all."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies

import httpx

from oneroster_tui import __version__
from oneroster_tui.errors import ConfigError
from oneroster_tui.provider.direct import Direct

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

USER_AGENT: Final = f"oneroster-tui/{__version__}"
CONNECT_SECONDS: Final = 10.0
"""How long a connection and its TLS handshake may take at most: a host that takes longer is not there."""
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def checked_url(address: str, setting: str) -> httpx.URL:
    """The address as httpx reads it; ConfigError, naming the setting, when nothing can be called there."""
    try:
        url = httpx.URL(address)
        url.raw_host.decode("ascii").encode("idna")  # the resolver fails on an empty label, or one above 63 letters
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 443) < 65536:
        raise ConfigError(
            f"{setting} is not a web address.", where=f"connection.{setting}", do="Begin it with https://"
        )
    return url


def http_client(
    connection: Connection, transport: httpx.BaseTransport | None, starting: Callable[[httpx.Request], None]
) -> httpx.Client:
    """The client all threads share.

    Args:
        connection: the [connection] settings.
        transport: stands in for the network in tests.
        starting: called with each request just before it goes out.

    Raises:
        ConfigError: the environment's certificates or proxy cannot be used.
    """
    urls = [httpx.URL(url) for url in (connection.root_url, connection.token_url) if url]
    at_home = all(url.host in _LOOPBACK_HOSTS for url in urls)
    plain = at_home and all(url.scheme == "http" for url in urls)
    connections = connection.concurrency + 1
    try:
        context = _no_tls() if plain or transport is not None else trust()
        return httpx.Client(
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(connection.timeout, connect=min(connection.timeout, CONNECT_SECONDS), pool=None),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            # No cookies: the API has no sessions, and httpx's jar is not made for threads.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            event_hooks={"request": [starting]},
            verify=context,
            transport=transport or (Direct(context) if at_home or not proxied() else None),
            trust_env=not at_home,
            mounts={
                f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")
            },  # no proxy between this computer and itself
        )
    except OSError:
        raise ConfigError(
            "The trusted certificates cannot be read.",
            where="the environment variable SSL_CERT_FILE or SSL_CERT_DIR",
            do="Let it name a file (or folder) of PEM certificates, or unset it.",
        ) from None
    except (ImportError, ValueError, httpx.InvalidURL):
        raise ConfigError(
            "The proxy that the environment names cannot be used.",
            where="the environment variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
            do="Give it as http://host:port, or unset it.",
        ) from None


def proxied() -> bool:
    """Whether the environment, or the system, names a proxy: httpx's own transport knows how to speak to one."""
    return not {"http", "https", "all"}.isdisjoint(getproxies())


def trust() -> ssl.SSLContext:
    """Mozilla's authorities and this system's (school networks often add their own), or SSL_CERT_FILE's alone."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_default_certs()
    return context


def _no_tls() -> ssl.SSLContext:
    """For plain http within this computer: trusts nobody, and costs none of the time that loading authorities takes."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
