"""One telling, as plain values: who is told what, by which transport, because of what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from helpdesk.notifications.models import DeliveryState, Transport
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import SHAPES, NoticeTopic


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox to be. ``stable_id``, at most 120 characters, names its cause: each is told once.

    ``recipient`` is an address, or a user's id for the bell; ``user_id`` is the person of the desk behind either,
    whose refusals count. Nothing goes out before ``not_before``, aware UTC. ``params`` are what the topic's
    shape asks for and the recipient's ``timezone``; moments become RFC 3339 texts. Raises ValueError for a
    missing or unknown param: better in the action that forgot it than in a queue at night.
    """

    stable_id: str
    transport: Transport
    recipient: str
    topic: NoticeTopic
    language: str = "en"
    params: Mapping[str, Any] = field(default_factory=dict)
    ticket_id: int | None = None
    user_id: int | None = None
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.stable_id) <= 120:
            raise ValueError(f"a stable id has 1 to 120 characters: {self.stable_id!r}")
        _check(self.topic, self.params)
        object.__setattr__(self, "params", {name: _storable(value) for name, value in self.params.items()})


def row(notice: Notice, now: datetime) -> dict[str, Any]:
    """``notice`` as the outbox keeps it."""
    return {
        "stable_id": notice.stable_id,
        "transport": notice.transport,
        "recipient": notice.recipient,
        "topic": notice.topic,
        "language": notice.language,
        "ticket_id": notice.ticket_id,
        "params": notice.params,
        "delivery_state": DeliveryState.PENDING,
        "attempts": 0,
        "next_attempt_at": max(notice.not_before or now, now),
        "created_at": now,
        "last_error": "",
    }


def tell(
    topic: NoticeTopic,
    recipients: Iterable[Recipient],
    *,
    cause: str,
    params: Mapping[str, Any],
    ticket_id: int | None = None,
    waits: Callable[[Recipient], datetime] | None = None,
) -> list[Notice]:
    """The notices that tell ``recipients`` about one ``cause``, by every transport topic and person have.

    ``waits`` says from when on each may be told, now where it is missing.

    ``cause`` names the happening and stays the same however often it is worked on: "event:1042:7" (ticket and
    seq), "clock:88:1:breached" (clock, cycle, what). At most 60 characters. Raises ValueError as ``Notice``.
    """
    return [
        Notice(
            stable_id=f"{cause}:{topic}:{transport}:{_mark(one)}",
            transport=transport,
            recipient=one.email if transport is Transport.MAIL else str(one.user_id),
            topic=topic,
            language=one.language,
            params={**params, "timezone": one.timezone},
            ticket_id=ticket_id,
            user_id=one.user_id,
            not_before=waits(one) if waits is not None else None,
        )
        for one in recipients
        for transport in SHAPES[topic].transports
        if transport is Transport.MAIL or one.user_id is not None
    ]


def _mark(one: Recipient) -> str:
    """The recipient within a stable id: an address may be longer than the column."""
    return str(one.user_id) if one.user_id is not None else hashlib.sha256(one.email.encode()).hexdigest()[:12]


def _check(topic: NoticeTopic, params: Mapping[str, Any]) -> None:
    shape = SHAPES[topic]
    given = params.keys() - {"timezone"}
    missing = {name for name in shape.required if params.get(name) is None}
    unknown = given - shape.required - shape.optional
    if missing or unknown:
        raise ValueError(f"{topic}: missing {sorted(missing)}, unknown {sorted(unknown)}")


def _storable(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value) if isinstance(value, str) else value
