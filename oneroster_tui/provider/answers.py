"""The complaints desk: an answer that cannot be used, or none at all, becomes an error that tells a person what to do.

Nothing here does I/O, and no sentence ever holds a secret: addresses are shown through `safe_url`, a provider's words
through `provider_words`, and the client takes known secrets out of them.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from oneroster_tui.errors import Forbidden, NotFound, ProviderError, Rejected, Unauthorized, Unreachable, WebPage
from oneroster_tui.provider.endpoints import collection_of
from oneroster_tui.provider.retry import RETRIED_STATUSES, causes, http_date
from oneroster_tui.provider.statusinfo import provider_words
from oneroster_tui.provider.transport import CONNECT_SECONDS
from oneroster_tui.text import sanitise

_SHOWN_PARAMETERS = frozenset({"limit", "offset", "sort", "orderBy", "filter", "fields"})
_TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end. `seconds` is the time of the last request alone; `body` is already unzipped."""

    body: bytes
    headers: httpx.Headers
    seconds: float
    url: str
    status: int = 200

    def is_html(self) -> bool:
        """Whether this is a web page (or other markup), whatever the status says."""
        return (
            "html" in self.headers.get("Content-Type", "").lower()
            or self.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
        )


def safe_url(url: httpx.URL | str) -> str:
    """An address that may be printed: without user and password, and with OneRoster's own query parameters only."""
    url = httpx.URL(url)
    shown = [f"{key}={value if key in _SHOWN_PARAMETERS else '…'}" for key, value in url.params.multi_items()]
    address = f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}"
    return sanitise(address + ("?" + "&".join(shown) if shown else ""), 500)


def times(count: int) -> str:
    """`twice`, `five times`, `12 times`."""
    return _TIMES.get(count, f"{count} times")


def refusal(
    reply: Reply, *, base_url: str, oauth1: bool, tries: int, clean: Callable[[str], str]
) -> ProviderError | None:
    """The error a GET's answer stands for, or None when it is good (spec 2.4).

    Args:
        reply: the last answer.
        base_url: left out of the path when the collection is named.
        oauth1: whether requests are signed, which changes the advice on a 401.
        tries: how often the request was sent.
        clean: takes known secrets out of the provider's words.
    """
    status = reply.status
    is_good = 200 <= status < 300
    if is_good and not reply.is_html():
        return None
    where = f"GET {safe_url(reply.url)}"
    collection = collection_of(reply.url.removeprefix(base_url))
    if is_good:
        return _web_page(where, status, collection)
    words = "" if reply.is_html() else clean(provider_words(reply.body))
    said = f" It said: {words}" if words else ""
    about = collection or "this address"
    kind: type[ProviderError]
    match status:
        case 401:
            kind, what, do = Unauthorized, *_unauthorized(reply, oauth1)
        case 403:
            kind = Forbidden
            what = f"The provider does not let this client read {about} (403)."
            do = f"Ask the provider's administrator to grant this client the right (or the scope) to read {about}."
        case 404:
            kind = NotFound
            what = f"The provider does not know {about} (404)."
            do = "Check root_url and oneroster_version in [connection]; some providers do not offer every collection."
        case 413:
            kind, what, do = Rejected, "The answer would be too large for the provider (413).", "Lower page_size."
        case _ if status in RETRIED_STATUSES or (status >= 500 and status != 501):
            kind = Unreachable
            what = f"The provider did not answer: it said {status_words(status)} {times(tries)}."
            do = _advice_for(status)
        case _ if 300 <= status < 400:
            kind = Rejected
            what = f"The provider sends this request elsewhere ({status}): {_target(reply)}."
            do = "Credentials are never sent to another server: put the right address into root_url."
        case _:
            kind = Rejected
            what = f"The provider did not accept the request: {status_words(status)}."
            do = "Check oneroster_version; if the request looks right, show this message to the provider."
    return kind(what + said, where=where, do=do, status=status, collection=collection)


def _web_page(where: str, status: int, collection: str) -> WebPage:
    return WebPage(
        "The provider answered with a web page instead of JSON.",
        where=where,
        do="Check root_url: it may lead to a log-in page, a proxy or the provider's web site.",
        status=status,
        collection=collection,
    )


def _unauthorized(reply: Reply, oauth1: bool) -> tuple[str, str]:
    if not oauth1:
        return (
            "The provider refused the request (401), and a fresh token too: it is a permission, not the token's age.",
            "Ask the provider's administrator to give this client the rostering scopes; check scopes in [connection].",
        )
    do = "Check client_id, client_secret and oauth1_signature in [connection]"
    there = http_date(reply.headers.get("Date", ""))
    skew = abs((datetime.now(UTC) - there).total_seconds()) if there else 0.0
    if skew > 120:  # a signature's timestamp counts for some minutes only (spec 3.2)
        do += f", and this computer's clock: it differs from the provider's by {skew / 60:.0f} minutes"
    return "The provider refused the signed request (401).", do + "."


def status_words(status: int) -> str:
    """`503 Service Unavailable`, or the bare number of an unknown status."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _advice_for(status: int) -> str:
    if status == 429:
        return "The provider limits requests: lower concurrency in [connection], or sync at another hour."
    if status in (408, 504):
        return "The provider takes too long: lower page_size or concurrency in [connection]."
    return "The fault lies with the provider: try again later, and tell its administrator if it stays."


def _target(reply: Reply) -> str:
    try:
        target = httpx.URL(reply.url).join(reply.headers.get("Location", ""))
        return f"to {target.scheme}://{target.netloc.decode('ascii', 'replace')}{sanitise(target.path, 100)}"
    except (httpx.InvalidURL, UnicodeError):
        return "to an address that cannot be read"


def no_answer(error: httpx.RequestError, *, where: str, setting: str, timeout: float, tries: int) -> Unreachable:
    """What a failed connection, a time-out or a broken-off answer means, in a person's words.

    Args:
        error: what httpx raised; only its kind and the system's reason are shown, for its text may quote headers.
        where: method and address.
        setting: the setting that holds the address: `root_url` or `token_url`.
        timeout: the setting, in seconds.
        tries: how often the request was sent.
    """
    reason, do = _reason(error, setting, timeout)
    tried = f" (tried {times(tries)})" if tries > 1 else ""
    return Unreachable(
        f"The provider did not answer: {reason}{tried}.",
        where=where,
        do=do,
        collection=collection_of(where.split(" ")[-1]),
    )


def _reason(error: httpx.RequestError, setting: str, timeout: float) -> tuple[str, str]:
    """What happened, and what to do about it."""
    if isinstance(error, httpx.TimeoutException):
        if isinstance(error, httpx.ConnectTimeout):
            return (
                f"timed out after {min(timeout, CONNECT_SECONDS):g} s while connecting",
                f"Check host, port and https:// or http:// in {setting}, and that no firewall is in the way.",
            )
        return (
            f"timed out after {timeout:g} s",
            "Raise timeout, or lower page_size and concurrency, in [connection].",
        )
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"TLS: certificate verify failed: {sanitise(cause.verify_message, 120)}",
                f"Check the host name in {setting}. If the provider's certificate comes from an authority of your own, "
                "name that authority's file in the environment variable SSL_CERT_FILE.",
            )
        if isinstance(cause, ssl.SSLError):
            name = (cause.reason or "handshake failed").replace("_", " ").lower()
            return (
                f"TLS: {sanitise(name, 120)}",
                f"Check that {setting} begins with the right one of https:// and http://.",
            )
        if isinstance(cause, socket.gaierror):
            host = error.request.url.host
            return f"unknown host {sanitise(host, 100)}", f"Check the host name in {setting}, and this computer's DNS."
        if isinstance(cause, ConnectionRefusedError):
            return (
                "connection refused",
                f"Check host and port in {setting}, that the provider runs, and that no firewall is in the way.",
            )
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused", "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment."
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return "the request could not be sent as it is", f"Check {setting} and client_id in [connection]."
    if isinstance(error, httpx.ConnectError):
        return _os_reason(error), f"Check {setting}, and this computer's connection to the network."
    return "the answer broke off", "Try again; if it stays, lower page_size in [connection] and tell the provider."


def _os_reason(error: httpx.RequestError) -> str:
    for cause in causes(error):
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno in errno.errorcode:
            return os.strerror(cause.errno).lower()
    return "no connection"
