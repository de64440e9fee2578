"""The mail: the same summary as the webhook's, for people."""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from oneroster_tui.config import Notify
from oneroster_tui.errors import ConfigError
from oneroster_tui.headless.delivery import TIMEOUT, Undelivered
from oneroster_tui.headless.news import News
from oneroster_tui.provider.transport import trust
from oneroster_tui.text import sanitise


def name(notify: Notify) -> str:
    """The mail server's name for a person."""
    return f"mail server {notify.smtp_host}"


def message(notify: Notify, news: News) -> EmailMessage:
    """The mail itself."""
    mail = EmailMessage()
    mail["From"] = notify.mail_from
    mail["To"] = ", ".join(notify.mail_to)
    mail["Subject"] = sanitise(f"[oneroster-tui] {news.headline}", 200)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=socket.gethostname())
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply, please
    mail.set_content(news.letter())
    return mail


def send(notify: Notify, news: News, folder: Path) -> None:
    """Sends the mail, once.

    Raises:
        Undelivered: the server did not take it, or not for everybody.
    """
    try:
        mail = message(notify, news)
        password = notify.password(folder) if notify.smtp_user else ""
        with server(notify) as connection:
            if notify.smtp_tls == "starttls":
                connection.starttls(context=trust())
            if notify.smtp_user:
                connection.login(notify.smtp_user, password)
            refused = connection.send_message(mail)
    except ConfigError as error:
        raise Undelivered(error.what, again=False) from None
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"it refused user and password ({error.smtp_code})", again=False) from None
    except smtplib.SMTPNotSupportedError:
        raise Undelivered("it offers no STARTTLS, or no log-in: see notify.smtp_tls", again=False) from None
    except smtplib.SMTPResponseException as error:
        raise Undelivered(f"it answered {error.smtp_code}", again=error.smtp_code < 500) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise Undelivered(f"it refused all recipients ({min(codes)})", again=min(codes) < 500) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # What these say may hold addresses; their kind is enough.
        raise Undelivered(f"it cannot be reached ({type(error).__name__})", again=True) from None
    if refused:
        raise Undelivered(f"it refused {len(refused)} of the recipients", again=False)


def server(notify: Notify) -> smtplib.SMTP:
    """A connection to the mail server. The host's name is given: smtplib's own way to it may hang on the DNS."""
    here = socket.gethostname()
    if notify.smtp_tls == "tls":
        return smtplib.SMTP_SSL(
            notify.smtp_host, notify.smtp_port, local_hostname=here, timeout=TIMEOUT, context=trust()
        )
    return smtplib.SMTP(notify.smtp_host, notify.smtp_port, local_hostname=here, timeout=TIMEOUT)
