"""Reading what Partner Center sends: tolerant, because its lists and its single resources differ.

Enums come as integers in lists and as strings elsewhere, keys in camel or Pascal case, moments with or without
zone and fraction, and "never" as the year 1. What has no meaning for us is kept raw, never an error.
Source: Partner Center developer documentation, service request and subscription resources; .NET SDK enums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self, TypeVar

from helpdesk.escalations.partner_center.errors import Garbled
from helpdesk.phrases import N_
from workflows.money import months_on
from workflows.vocabulary import Severity, VendorCaseState

Word = TypeVar("Word", bound=StrEnum)

_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
FIRST_TERM = timedelta(days=3)
"""A term that begins so soon after the purchase is the first one, and no renewal."""

_STATES: dict[int, VendorCaseState] = {
    1: VendorCaseState.OPEN,
    2: VendorCaseState.CLOSED,
    3: VendorCaseState.ATTENTION_NEEDED,
}
_SEVERITIES: dict[int, Severity] = {1: Severity.A, 2: Severity.B, 3: Severity.C}


class SubscriptionStatus(StrEnum):
    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    EXPIRED = "expired"
    PENDING = "pending"
    DISABLED = "disabled"


_STATUSES: dict[int, SubscriptionStatus] = dict(enumerate(SubscriptionStatus))


class Fields:
    """A JSON object whose keys are asked for in any case; a value of the wrong type reads as absent."""

    def __init__(self, raw: Any) -> None:
        if not isinstance(raw, Mapping):
            raise Garbled(N_("Partner Center sent something else than was asked for."))
        self._values = {str(key).lower(): value for key, value in raw.items()}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def text(self, name: str) -> str:
        """The value as text; numbers are written out, anything else that is no text reads as empty."""
        return _text(self._values.get(name.lower()))

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None

    def flag(self, name: str) -> bool:
        value = self._values.get(name.lower())
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def moment(self, name: str) -> datetime | None:
        return read_moment(self.text(name))

    def inner(self, name: str) -> Fields:
        value = self._values.get(name.lower())
        return Fields(value if isinstance(value, Mapping) else {})

    def each(self, name: str) -> Iterator[Fields]:
        value = self._values.get(name.lower())
        yield from (Fields(item) for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name.lower())
        return tuple(text for item in value if (text := _text(item))) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    """A value as text that any database and any encoding takes.

    JSON may spell characters that are none: PostgreSQL refuses NUL, and half of a surrogate pair can't be encoded. One
    of them in a note would keep the whole case from ever being read.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _SURROGATE.sub("\ufffd", str(value).replace("\0", "")).strip()


_SURROGATE = re.compile("[\ud800-\udfff]")


def read_moment(text: str) -> datetime | None:
    """An aware UTC moment of whole seconds; None for nothing, nonsense and "never". Without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    if moment.year in _NEVER:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


_NEVER = (1, 9999)
"""Years in which .NET writes "never"; a moment in them may have no date in another zone."""


def read_word(text: str, by_number: Mapping[int, Word]) -> Word | None:
    """The member that an integer or a word in any casing stands for; None for every other."""
    if re.fullmatch(r"\d{1,9}", text):  # Python refuses to read thousands of digits
        return by_number.get(int(text))
    return next((word for word in by_number.values() if _letters(word) == _letters(text)), None)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


@dataclass(frozen=True, slots=True)
class Note:
    """A note as the vendor shows it. It has no id of its own; see matching.py."""

    author: str
    written_at: datetime | None
    text: str

    @classmethod
    def read(cls, raw: Fields) -> Self:
        return cls(raw.text("createdByName"), raw.moment("createdDate"), raw.text("text"))


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file on the vendor's case; who put it there, and when, is not said. ``url`` is empty unless it is https."""

    key: str  # the vendor's id for it, else its name: several may share it
    name: str
    size_bytes: int | None
    url: str

    @classmethod
    def read(cls, raw: Fields) -> Self | None:
        """None for one that has no name."""
        name = ".".join(part for part in (raw.text("fileNameWithoutExtension"), _extension(raw)) if part)[:120]
        size, url = raw.whole("fileSize"), raw.text("location")
        is_safe = url.lower().startswith("https://") and len(url) <= LONGEST_URL
        known_size = size if size is not None and size >= 0 else None
        return cls(raw.text("id")[:80] or name, name, known_size, url if is_safe else "") if name else None


def _extension(raw: Fields) -> str:
    return raw.text("fileExtension").lstrip(".")


LONGEST_URL = 2000


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """The vendor's case. ``state`` is None where ``raw_state`` means nothing to us.

    Lists carry neither description nor notes nor files.
    """

    number: str
    title: str
    description: str
    state: VendorCaseState | None
    raw_state: str
    severity: Severity | None
    contact: str
    product: str
    organization: str
    tenant_id: str  # of the organization for which it was opened: a customer's, or the desk's own
    created_at: datetime | None
    changed_at: datetime | None
    closed_at: datetime | None
    notes: tuple[Note, ...] = ()
    files: tuple[FileLink, ...] = ()

    @classmethod
    def read(cls, raw: Fields) -> Self:
        """Raises Garbled when it has no number."""
        number, person = raw.text("id"), raw.inner("primaryContact")
        if not number:
            raise Garbled(N_("Partner Center sent a service request without a number."))
        state = read_word(raw.text("status"), _STATES)
        return cls(
            number=number,
            title=raw.text("title"),
            description=raw.text("description"),
            state=state,
            raw_state=state.value if state else raw.text("status")[:40],
            severity=read_word(raw.text("severity"), _SEVERITIES),
            contact=f"{person.text('firstName')} {person.text('lastName')}".strip(),
            product=raw.text("productName"),
            organization=raw.inner("organization").text("name"),
            tenant_id=raw.inner("organization").text("id"),
            created_at=raw.moment("createdDate"),
            changed_at=raw.moment("lastModifiedDate"),
            closed_at=raw.moment("lastClosedDate"),
            notes=tuple(Note.read(note) for note in raw.each("notes")),
            files=tuple(file for file in map(FileLink.read, raw.each("fileLinks")) if file is not None),
        )


@dataclass(frozen=True, slots=True)
class RemoteCustomer:
    """A customer tenant. Without a directory role, ``email`` stays empty: that is no error."""

    tenant_id: str
    name: str
    domain: str
    email: str
    relationship: str

    @classmethod
    def read(cls, raw: Fields) -> Self:
        company = raw.inner("companyProfile")
        return cls(
            tenant_id=raw.text("id") or company.text("tenantId"),
            name=company.text("companyName"),
            domain=company.text("domain"),
            email=company.text("email"),
            relationship=raw.text("relationshipToPartner").lower(),
        )


@dataclass(frozen=True, slots=True)
class RemoteSubscription:
    """What a customer has bought. ``etag`` belongs to this reading only and is not to be stored."""

    id: str
    name: str
    offer: str
    status: SubscriptionStatus | None
    raw_status: str
    seats: int | None
    bought_at: datetime | None
    ends_at: datetime | None
    cancellable_until: datetime | None
    term: str
    auto_renews: bool
    is_trial: bool
    is_new_commerce: bool
    suspension_reasons: tuple[str, ...]
    etag: str

    @classmethod
    def read(cls, raw: Fields) -> Self:
        status = read_word(raw.text("status"), _STATUSES)
        return cls(
            id=raw.text("id"),
            name=raw.text("friendlyName") or raw.text("offerName"),
            offer=raw.text("offerName"),
            status=status,
            raw_status=raw.text("status"),
            seats=raw.whole("quantity"),
            bought_at=raw.moment("creationDate") or raw.moment("effectiveStartDate"),
            ends_at=raw.moment("commitmentEndDate"),
            cancellable_until=raw.moment("cancellationAllowedUntilDate"),
            term=raw.text("termDuration"),
            auto_renews=raw.flag("autoRenewEnabled"),
            is_trial=raw.flag("isTrial"),
            is_new_commerce=raw.inner("productType").text("id") == "OnlineServicesNCE",
            suspension_reasons=raw.texts("suspensionReasons"),
            etag=raw.inner("attributes").text("etag"),
        )

    @property
    def renewed_on(self) -> date | None:
        """The first day (UTC) of a term that is not the first one: the vendor names its last day and its length."""
        months = _MONTHS.get(self.term.upper())
        if months is None or self.ends_at is None or self.bought_at is None:
            return None
        began = months_on(self.ends_at.date() + timedelta(days=1), -months)
        return began if began > self.bought_at.date() + FIRST_TERM else None
