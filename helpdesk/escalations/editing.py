"""Changing channels and the desk's entitlements to them. Kinds are code; names, terms and figures are the admin's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from helpdesk.database import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.escalations import queries
from helpdesk.escalations.models import ChannelName, Entitlement, SupportChannel, VendorTerm
from workflows.vocabulary import ChannelFigure, ChannelKind, ClockKind, PackItem, Service, Severity


@dataclass(frozen=True, slots=True)
class Term:
    """One of the vendor's clocks at one severity: ``seconds`` of open time of the calendar, above zero."""

    clock: ClockKind
    severity: Severity
    seconds: int
    calendar_id: int


@dataclass(frozen=True, slots=True)
class OtherName:
    """A name a channel had, will have (then dated, days included) or is known by."""

    name: str
    starts_on: date | None = None
    ends_on: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class LaterFee:
    """A fee from that day on; ``cost_rank`` is None where the order of the channels stays."""

    starts_on: date
    fee: str
    cost_rank: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """``terms``: how long the vendor may take; a clock and severity that is missing there is not timed.

    ``starts_on`` and ``ends_on``: the days on which the vendor offers it, included, None where no limit is known.
    """

    name: str
    services: Sequence[Service]
    needs_entitlement: bool
    fee: str
    cost_rank: int
    terms: Sequence[Term]
    source: str
    is_enabled: bool
    starts_on: date | None = None
    ends_on: date | None = None
    names: Sequence[OtherName] = ()
    sources: Mapping[ChannelFigure, str] = field(default_factory=dict)
    fees: Sequence[LaterFee] = ()


@dataclass(frozen=True, slots=True)
class EntitlementDraft:
    """Both dates are included; ``incidents_included`` is None where the channel counts none.

    No ``services``: all that the channel covers. ``fee`` is for the whole term, in whole units of ``currency``.
    """

    contract_number: str
    access_number: str
    starts_on: date
    ends_on: date
    incidents_included: int | None
    services: Sequence[Service] = ()
    fee: int | None = None
    currency: str = "EUR"


def edit_channel(channel: SupportChannel, draft: ChannelDraft, now: datetime) -> None:
    """Open cases follow other times soon after. Raises Invalid naming ``name``, ``services`` or ``ends_on``."""
    if draft.starts_on is not None and draft.ends_on is not None and draft.ends_on < draft.starts_on:
        raise Invalid(_("It ends before it starts."), "ends_on")
    if not draft.name.strip():
        raise Invalid(_("Give it a name."), "name")
    if not draft.services:
        raise Invalid(_("Say what it covers, or switch the channel off."), "services")
    channel.name, channel.fee, channel.source = draft.name.strip(), draft.fee.strip(), draft.source.strip()
    channel.services = sorted(str(service) for service in draft.services)
    channel.needs_entitlement, channel.is_enabled = draft.needs_entitlement, draft.is_enabled
    channel.cost_rank = draft.cost_rank
    ordered = sorted(draft.fees, key=lambda later: later.starts_on)
    channel.fees = [asdict(later) | {"starts_on": later.starts_on.isoformat()} for later in ordered]
    channel.starts_on, channel.ends_on = draft.starts_on, draft.ends_on
    channel.sources = {str(figure): text.strip() for figure, text in draft.sources.items() if text.strip()}
    channel.names = [
        ChannelName(name=other.name, starts_on=other.starts_on, ends_on=other.ends_on, source=other.source)
        for other in draft.names
    ]
    if set_terms(channel, draft.terms):
        _ask_renewal(SupportChannel.id == channel.id, now)


def set_terms(channel: SupportChannel, terms: Iterable[Term]) -> bool:
    """Time the vendor by ``terms`` and no others; returns whether that is something else than before."""
    was = {(row.clock, row.severity, row.seconds, row.calendar_id) for row in channel.terms}
    wanted = {(term.clock, term.severity): term for term in terms}
    known = {(row.clock, row.severity): row for row in channel.terms if (row.clock, row.severity) in wanted}
    fresh = {key: VendorTerm(clock=key[0], severity=key[1]) for key in wanted if key not in known}
    for key, row in (known | fresh).items():
        row.seconds, row.calendar_id = wanted[key].seconds, wanted[key].calendar_id
    channel.terms = [*known.values(), *fresh.values()]
    return was != {(row.clock, row.severity, row.seconds, row.calendar_id) for row in channel.terms}


def follow_calendar(calendar_id: int, now: datetime) -> None:
    """Have the open cases timed anew on the channels whose vendor keeps the hours of this calendar (R5)."""
    timed = sa.select(VendorTerm.channel_id).where(VendorTerm.calendar_id == calendar_id)
    _ask_renewal(SupportChannel.id.in_(timed), now)


def _ask_renewal(which: sa.ColumnElement[bool], now: datetime) -> None:
    """As a statement: a walk that is under way may have gone on since a row was read."""
    asked = {"renewal_asked_at": now, "renewed_to_id": 0}
    db.session.execute(sa.update(SupportChannel).where(which).values(asked))


def add_entitlement(channel: SupportChannel, draft: EntitlementDraft, now: datetime) -> Entitlement:
    """Raises Invalid as ``edit_entitlement``."""
    entitlement = Entitlement(channel_id=channel.id, created_at=now, incidents_used=0)
    _demand_term_and_papers(channel, draft)
    _write(entitlement, draft)
    db.session.add(entitlement)
    db.session.flush()
    return entitlement


def edit_entitlement(entitlement: Entitlement, draft: EntitlementDraft) -> None:
    """Raises Invalid naming ``starts_on``, ``ends_on``, ``contract_number`` or ``incidents_included``."""
    _demand_term_and_papers(entitlement.channel, draft)
    used, included = entitlement.incidents_used or 0, draft.incidents_included
    if included is not None and included < used:
        sentence = _("%(used)s were used already; correct those first.", used=used)
        raise Invalid(sentence, "incidents_included")
    _write(entitlement, draft)


FIRST_YEAR, LAST_YEAR = 2000, 2100
"""No contract lies beyond these; a year such as 0020 or 9999 is a slip that would keep a channel open for ever."""


def _demand_term_and_papers(channel: SupportChannel, draft: EntitlementDraft) -> None:
    """Without an id no pack that asks for the plan is ever whole, and every escalation waits for a lead."""
    for day, name in ((draft.starts_on, "starts_on"), (draft.ends_on, "ends_on")):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            sentence = _("Write a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
            raise Invalid(sentence, name)
    if draft.ends_on < draft.starts_on:
        raise Invalid(_("It ends before it starts."), "ends_on")
    has_papers = draft.contract_number.strip() or draft.access_number.strip()
    if channel.needs_entitlement and not has_papers and _asks_for_plan(channel.kind):
        sentence = _("The pack for this channel asks for it: write the contract id or the access id.")
        raise Invalid(sentence, "contract_number")


def _asks_for_plan(kind: ChannelKind) -> bool:
    return any(PackItem.PLAN in row.items and kind in row.channels for row in queries.requirements())


def _write(entitlement: Entitlement, draft: EntitlementDraft) -> None:
    entitlement.contract_number = draft.contract_number.strip()
    entitlement.access_number = draft.access_number.strip()
    entitlement.starts_on, entitlement.ends_on = draft.starts_on, draft.ends_on
    entitlement.incidents_included = draft.incidents_included
    entitlement.services = [str(service) for service in Service if service in draft.services]
    entitlement.fee, entitlement.currency = draft.fee, draft.currency.strip().upper()


# reading for the admin pages --------------------------------------------------------------------------


def channel_rows() -> list[SupportChannel]:
    """Every channel with its entitlements, the cheapest first."""
    rows = sa.select(SupportChannel).options(
        selectinload(SupportChannel.entitlements), selectinload(SupportChannel.names)
    )
    return list(db.session.scalars(rows.order_by(SupportChannel.cost_rank, SupportChannel.id)))


def channel_row(channel_id: int) -> SupportChannel:
    """Raises NotFound."""
    found = db.session.get(SupportChannel, channel_id)
    if found is None:
        raise NotFound(_("There is no such channel."))
    return found


def entitlement_row(entitlement_id: int) -> Entitlement:
    """Raises NotFound."""
    found = db.session.get(Entitlement, entitlement_id)
    if found is None:
        raise NotFound(_("There is no such entitlement."))
    return found
