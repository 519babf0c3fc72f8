"""How a mail travels: by SMTP, or, where no server is set, as lines in the log."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from helpdesk.errors import TransportError
from helpdesk.notifications.letters import Letter

TIMEOUT = 20.0
"""Seconds a server may take for each answer."""

TOO_LARGE = 552

log = structlog.get_logger()


class Unreachable(TransportError):
    """No server to talk to, or none that lets us in: no letter's fault, so none is charged an attempt."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, permanent=False)


class MailTransport(Protocol):
    """Takes letters one by one until it is closed."""

    def send(self, letter: Letter) -> None:
        """Hand ``letter`` over. Raises TransportError: permanent when trying again is useless."""

    def close(self) -> None:
        """Let go of the connection; never raises."""


def of_config(config: Mapping[str, Any]) -> MailTransport:
    """The transport the configuration asks for."""
    url = config["SMTP_URL"]
    return Smtp(url) if url else Console()


class Console:
    """Prints mails to the log instead of sending them, secrets masked: a tracker link is a password."""

    def send(self, letter: Letter) -> None:
        mail = letter.mail
        text = f"{mail['Subject']}\n\n{mail.get_content()}"
        for secret in letter.secrets:
            text = text.replace(secret, "/***")
        log.info("mail_printed", to=str(mail["To"]), message_id=str(mail["Message-ID"]), text=text)

    def close(self) -> None:
        pass


class Smtp:
    """One connection to the server of ``smtp://user:password@host:port`` (or smtps://), opened when first needed.

    smtp:// turns to TLS where the server offers it; a password never travels without TLS, unless the server
    is this machine. Ports when missing: 587 with a user, else 25; 465 for smtps://.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._parts: SplitResult = urlsplit(url)
        self._timeout = timeout
        self._server: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        server = self._server or self._connect()
        try:
            server.send_message(letter.mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code == TOO_LARGE:  # said already here, where the letter's size is announced
                raise _refusal(error.smtp_code, error.smtp_error) from error
            raise Unreachable(_answer(error.smtp_code, error.smtp_error)) from error  # our own address
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise TransportError("The server can’t carry such an address.", permanent=True) from error
        except (smtplib.SMTPException, OSError) as error:
            # charged to this letter: one that makes a server hang up must not hold up the others for ever
            self.close()
            raise TransportError(_sentence(error), permanent=False) from error
        finally:
            if server.sock is None:  # it hung up, perhaps after a refusal: the next letter needs a new connection
                self._server = None

    def close(self) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()
            self._server = None

    def _connect(self) -> smtplib.SMTP:
        server = None
        try:
            server = self._dial()
            self._enter(server)
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            raise Unreachable(_sentence(error)) from error
        self._server = server
        return server

    def _dial(self) -> smtplib.SMTP:
        parts = self._parts
        host = parts.hostname or ""
        if parts.scheme == "smtps":
            tls = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, parts.port or 465, timeout=self._timeout, context=tls)
        return smtplib.SMTP(host, parts.port or (587 if parts.username else 25), timeout=self._timeout)

    def _enter(self, server: smtplib.SMTP) -> None:
        parts = self._parts
        server.ehlo()
        is_secret = parts.scheme == "smtps"
        if not is_secret and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            is_secret = True
        if parts.username:
            if not is_secret and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
                raise smtplib.SMTPException("The server offers no TLS: the password stays here.")
            server.login(unquote(parts.username), unquote(parts.password or ""))


def _refusal(code: int, answer: bytes | str) -> TransportError:
    """RFC 5321: 4xx says "not now", 5xx "never"."""
    return TransportError(_answer(code, answer), permanent=code >= 500)


def _answer(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"The mail server answered {code} {' '.join(text.split())}"[:300]


def _sentence(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"The mail server can’t be reached: {error}"[:300]
