"""A mail as it goes out: the words under the headers that thread it, name its cause and keep robots quiet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk.errors import TransportError
from helpdesk.notifications.messages import Letterhead, Text

_POLICY = SMTP.clone(cte_type="7bit")  # every server takes it; quoted-printable where a letter needs it


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and the parts of it that only its recipient may read."""

    mail: EmailMessage
    secrets: tuple[str, ...] = ()


def write(
    text: Text,
    *,
    to: str,
    stable_id: str,
    language: str,
    written_at: datetime,
    head: Letterhead,
    number: int | None = None,
    is_automatic: bool = True,
) -> Letter:
    """Put ``text`` under its headers. The Message-ID follows from ``stable_id``: sent twice, it is one mail.

    Raises TransportError, permanent, when ``to`` is no address.
    """
    domain = head.desk_email.partition("@")[2]
    mail = EmailMessage(_POLICY)
    mail["From"] = Address(head.desk_name, addr_spec=head.desk_email)
    mail["To"] = _address(to)
    mail["Subject"] = text.subject
    mail["Date"] = format_datetime(written_at)
    mail["Message-ID"] = message_id(stable_id, domain)
    if number is not None:  # all mails of a ticket answer one that was never sent: readers show them together
        mail["In-Reply-To"] = mail["References"] = f"<ticket.{number}@{domain}>"
    if is_automatic:  # RFC 3834: vacation notices stay silent, or two robots would talk for ever
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(text.body)
    mail["Content-Language"] = language
    return Letter(mail, text.secrets)


def message_id(stable_id: str, domain: str) -> str:
    return f"<{hashlib.sha256(stable_id.encode()).hexdigest()[:32]}@{domain}>"


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except Exception as error:  # the parser lets IndexError and its own errors through as well
        raise TransportError("This is no mail address.", permanent=True) from error
