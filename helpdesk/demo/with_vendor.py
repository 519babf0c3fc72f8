"""The part of a life that a ticket of the demo world spends with the vendor, and the fates that a demo must show."""

from __future__ import annotations

from enum import StrEnum

from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.demo import packing, phrases
from helpdesk.demo.cast import Cast, Life
from helpdesk.tickets import facts
from helpdesk.tickets.actions import conversation, escalating, moving
from helpdesk.tickets.models import Ticket
from workflows.escalation import ChannelVerdict
from workflows.vocabulary import CHANNEL_OF_TRIGGER, ChannelKind, ReturnReason, Trigger, VendorCaseState

TRIGGER_OF_CHANNEL = {channel: trigger for trigger, channel in CHANNEL_OF_TRIGGER.items()}
_REASONS, _CHANCES = list(ReturnReason), (14, 3, 3)


class Fate(StrEnum):
    """How far a ticket gets with the vendor so that no page about it is empty, whatever the dice say."""

    SILENT = "the vendor says nothing any more"
    SENT_BACK = "taken back because the vendor refused"
    SECOND_TIER = "on to another channel"
    ASKED = "the vendor waits for us"


def escalate(cast: Cast, number: int) -> Life:
    """With the vendor by the recommended channel, there and back; in our own hands when none is open."""
    best = _best(cast, number)
    if best is None:
        moving.move(number, cast.agent, Trigger.START_RESOLUTION, now())
        return
    packing.fill(number, cast.agent, cast.dice)
    if cast.happens(0.3):
        yield cast.minutes(25)
    case_id = _send(cast, number, best)
    if cast.happens(0.7):
        conversation.reply(number, cast.agent, cast.phrase(phrases.WITH_VENDOR), now())
    yield cast.minutes(15)
    _note_number(cast, number, case_id)
    yield cast.minutes(500)
    if cast.happens(0.12) and (other := _other_tier(cast, number)) is not None:
        case_id = _go_on(cast, number, case_id, other)
        yield cast.minutes(20)
        _note_number(cast, number, case_id)
        yield cast.minutes(400)
    yield from _talk(cast, number, case_id)
    escalating.note_vendor(number, case_id, cast.agent, cast.dice.choice(phrases.VENDOR_ANSWERS), now(), is_ours=False)
    yield cast.minutes(60)
    _take_back(cast, number, case_id, cast.dice.choices(_REASONS, _CHANCES)[0])


def fated(cast: Cast, number: int, fate: Fate) -> Life:
    """Straight to the vendor, and as far as ``fate`` wants it; the ticket's diagnosis is recorded."""
    best = _best(cast, number)
    assert best is not None
    packing.fill(number, cast.agent, cast.dice)
    case_id = _send(cast, number, best)
    yield 10
    _note_number(cast, number, case_id)
    conversation.reply(number, cast.agent, cast.phrase(phrases.WITH_VENDOR), now())
    yield 45
    if fate is Fate.ASKED:
        asked = phrases.VENDOR_ASKS[0]
        escalating.note_vendor(number, case_id, cast.agent, asked, now(), is_ours=False, needs_us=True)
        return
    taken = "Thank you for the report. An engineer has taken the case."
    escalating.note_vendor(number, case_id, cast.agent, taken, now(), is_ours=False)
    yield 90
    if fate is Fate.SENT_BACK:
        escalating.note_vendor(number, case_id, cast.agent, phrases.VENDOR_REFUSES, now(), is_ours=False)
        _take_back(cast, number, case_id, ReturnReason.VENDOR_REFUSED)
    elif fate is Fate.SECOND_TIER and (other := _other_tier(cast, number)) is not None:
        case_id = _go_on(cast, number, case_id, other)
        yield 15
        _note_number(cast, number, case_id)


def _best(cast: Cast, number: int) -> ChannelKind | None:
    return next((found.kind for found in _verdicts(cast, number) if found.is_recommended), None)


def _other_tier(cast: Cast, number: int) -> ChannelKind | None:
    """An open channel besides the one that has the ticket."""
    here = facts.open_cases(_read(number))[0].channel.kind
    return next((found.kind for found in _verdicts(cast, number) if found.is_open and found.kind is not here), None)


def _verdicts(cast: Cast, number: int) -> tuple[ChannelVerdict, ...]:
    ticket = _read(number)
    return facts.verdicts(ticket, facts.gather(ticket, cast.agent, now()), now())


def _send(cast: Cast, number: int, channel: ChannelKind, reason: str = "") -> int:
    moving.move(number, cast.agent, TRIGGER_OF_CHANNEL[channel], now(), {"reason": reason} if reason else {})
    return facts.open_cases(_read(number))[0].id


def _note_number(cast: Cast, number: int, case_id: int) -> None:
    given = f"26{cast.dice.randrange(10**13, 10**14)}"
    escalating.record_vendor_number(number, case_id, cast.agent, given, now())


def _go_on(cast: Cast, number: int, case_id: int, other: ChannelKind) -> int:
    """On to another tier: the case at the first one is over."""
    escalating.change_vendor_case(number, case_id, cast.agent, VendorCaseState.CLOSED, now())
    return _send(cast, number, other, cast.dice.choice(phrases.WHY_ANOTHER_TIER))


def _take_back(cast: Cast, number: int, case_id: int, reason: ReturnReason) -> None:
    escalating.change_vendor_case(number, case_id, cast.agent, VendorCaseState.CLOSED, now())
    moving.move(number, cast.agent, Trigger.RETURN_TO_PARTNER, now(), {"reason": reason.value})


def _talk(cast: Cast, number: int, case_id: int) -> Life:
    agent, dice = cast.agent, cast.dice
    if cast.happens(0.5):
        asked = dice.choice(phrases.VENDOR_ASKS)
        escalating.note_vendor(number, case_id, agent, asked, now(), is_ours=False, needs_us=True)
        yield cast.minutes(90)
        escalating.note_vendor(number, case_id, agent, dice.choice(phrases.WE_ANSWER), now(), is_ours=True)
        yield cast.minutes(700)
    if cast.happens(0.3):
        escalating.chase_vendor(number, case_id, agent, now(), dice.choice(phrases.WE_CHASE))
        yield cast.minutes(600)


def _read(number: int) -> Ticket:
    return db.session.get_one(Ticket, number)
