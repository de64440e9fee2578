"""The webhook: a JSON summary, POSTed."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from oneroster_tui.config import Notify
from oneroster_tui.headless.delivery import TIMEOUT, Undelivered
from oneroster_tui.headless.news import News
from oneroster_tui.provider.transport import USER_AGENT, trust

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


def name(notify: Notify) -> str:
    """The webhook's name for a person: its server only, for the rest of the address is its password."""
    parts = urlsplit(notify.webhook)
    return f"webhook at {parts.scheme}://{parts.hostname or ''}"


def post(notify: Notify, news: News, _: Path) -> None:
    """Posts the summary, once. Redirects are not followed: the address is the one that was configured.

    Raises:
        Undelivered: it was not taken.
    """
    plain = urlsplit(notify.webhook).scheme.lower() == "http"
    verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else trust()  # loading authorities takes time
    try:
        with (
            httpx.Client(timeout=TIMEOUT, headers={"User-Agent": USER_AGENT}, verify=verify) as client,
            client.stream("POST", notify.webhook, json=news.facts()) as answer,
        ):
            status = answer.status_code
    except httpx.TimeoutException:
        raise Undelivered(f"no answer within {TIMEOUT:g} s", again=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The error's own text may hold the address, and the address is often a password.
        raise Undelivered(f"it cannot be reached ({type(error).__name__})", again=True) from None
    if not 200 <= status < 300:
        raise Undelivered(f"it answered {status}", again=status in RETRIED)
