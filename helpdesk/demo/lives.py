"""How tickets of the demo world live: each life is a generator that acts and says how long it waits.

Every act goes through the same actions as a button on a page. What is yielded are business minutes of the
desk until the next act.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.demo import phrases, with_money, with_vendor
from helpdesk.demo.cast import Cast, Life
from helpdesk.demo.with_money import MoneyFate
from helpdesk.demo.with_vendor import Fate
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets.actions import assigning, conversation, diagnosing, holding, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import (
    Boundary,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    ResolutionCode,
    Source,
    Trigger,
    TurnAwayReason,
    WithdrawReason,
)


def life(cast: Cast) -> Life:
    """A ticket from its opening to wherever it gets before the demo's present."""
    number = _open(cast)
    yield cast.minutes(18)
    if cast.happens(0.05):
        assigning.assign(number, cast.agent, cast.agent.id, now())
        reason = TurnAwayReason.SPAM if cast.happens(0.4) else TurnAwayReason.NOT_OUR_CUSTOMER
        moving.move(number, cast.agent, Trigger.TURN_AWAY, now(), {"reason": reason.value})
        return
    yield from _triage(cast, number)
    if cast.happens(0.05):
        yield cast.minutes(60)
        reason_given = {"reason": WithdrawReason.SOLVED_BY_CONTACT.value}
        moving.move(number, cast.person, Trigger.WITHDRAW, now(), reason_given)
        return
    yield from _diagnose(cast, number)
    yield from _work(cast, number)
    yield from _finish(cast, number)


def fated_life(cast: Cast, fate: Fate) -> Life:
    """A technical ticket that goes to the vendor within the hour and meets its ``fate`` there."""
    number = _open(cast)
    yield from _begin_at_once(cast, number, Level.HIGH)
    _record_diagnosis(cast, number, is_theirs=True)
    yield from with_vendor.fated(cast, number, fate)


def money_life(cast: Cast, fate: MoneyFate, end: datetime) -> Life:
    """A billing ticket with a window that stands as ``fate`` wants it at ``end``, the demo's present."""
    number = _open(cast)
    yield from _begin_at_once(cast, number, Level.LOW)
    with_money.put_window_on(cast, number, fate, end)


def _begin_at_once(cast: Cast, number: int, impact: Level) -> Life:
    story, agent = cast.story, cast.agent
    yield 8
    assigning.assign(number, agent, agent.id, now())
    triaging.confirm_customer(number, agent, cast.customer.id, now())
    chosen = triaging.Classification(story.kind, story.service, impact, Level.MEDIUM, cast.topic_id)
    triaging.classify(number, agent, chosen, now())
    conversation.reply(number, agent, cast.phrase_of_kind(phrases.THANKS), now())
    yield 5
    moving.move(number, agent, Trigger.START_DIAGNOSIS, now())
    yield 25


def _open(cast: Cast) -> int:
    story, dice = cast.story, cast.dice
    by_phone = cast.happens(0.15)
    levels = (Level.HIGH, Level.MEDIUM, Level.LOW)
    chances = (1, 6, 12) if story.kind is Kind.BILLING else (2, 5, 5)  # bills hurt fewer, and less at once
    opening = Opening(
        kind=story.kind,
        service=story.service,
        impact=dice.choices(levels, chances)[0],
        urgency=dice.choices(levels, chances)[0],
        subject=cast.say(story.subject),
        description=cast.say(story.body),
        contact_name=cast.contact.name,
        contact_email=cast.contact.email,
        company=cast.customer.name,
        customer_id=cast.customer.id if by_phone else None,
        source=Source.PHONE if by_phone else Source.WEB,
        language=story.language,
        reply=cast.phrase_of_kind(phrases.THANKS) if by_phone and cast.happens(0.5) else "",
        intake=_intake(cast),
    )
    return open_ticket(opening, cast.agent if by_phone else None, now()).ticket.id


def _intake(cast: Cast) -> dict[str, str]:
    if cast.story.kind is Kind.BILLING:
        return {}
    return {"since": cast.phrase(phrases.SINCE), "affected": cast.say("{n}")}


def _triage(cast: Cast, number: int) -> Life:
    assigning.assign(number, cast.agent, cast.agent.id, now())
    yield cast.minutes(6)
    triaging.confirm_customer(number, cast.agent, cast.customer.id, now())
    ticket = _read(number)
    story = cast.story
    chosen = triaging.Classification(story.kind, story.service, ticket.impact, ticket.urgency, cast.topic_id)
    triaging.classify(number, cast.agent, chosen, now())
    yield cast.minutes(15)
    conversation.reply(number, cast.agent, cast.phrase_of_kind(phrases.THANKS), now())
    moving.move(number, cast.agent, Trigger.START_DIAGNOSIS, now())
    yield cast.minutes(40)


def _diagnose(cast: Cast, number: int) -> Life:
    story, agent = cast.story, cast.agent
    if cast.happens(0.6):
        conversation.reply(number, agent, cast.say(story.question), now(), then_wait=cast.happens(0.75))
        yield cast.minutes(450)
        conversation.contact_writes(number, cast.contact, cast.say(story.answer), now())
        yield cast.minutes(45)
    if cast.happens(0.4):
        mention = phrases.ASK_LEAD.format(name=cast.lead.name.split(" ")[0]) if cast.happens(0.3) else ""
        conversation.note(number, agent, cast.say(story.findings) + mention, now())
    is_theirs = story.vendor is not None and cast.happens(0.65)
    _record_diagnosis(cast, number, is_theirs=is_theirs)
    yield cast.minutes(20)
    if is_theirs:
        yield from with_vendor.escalate(cast, number)
    else:
        moving.move(number, agent, Trigger.START_RESOLUTION, now())


def _record_diagnosis(cast: Cast, number: int, *, is_theirs: bool) -> None:
    story = cast.story
    found = diagnosing.Findings(
        health=HealthResult.HEALTHY if not is_theirs or cast.happens(0.6) else HealthResult.ADVISORY,
        findings=cast.say(story.findings),
        tried=cast.say(story.tried),
        boundary=Boundary.VENDORS if is_theirs else Boundary.OURS,
        boundary_reason=story.vendor if is_theirs else None,
    )
    diagnosing.record_diagnosis(number, cast.agent, found, now())


def _work(cast: Cast, number: int) -> Life:
    yield cast.minutes(80)
    if cast.happens(0.1):
        conversation.reply(number, cast.agent, phrases.APPROVAL[cast.story.language], now())
        holding.hold(number, cast.agent, HoldCause.APPROVAL, now())
        yield cast.minutes(300)
        holding.release(number, cast.agent, now())
    elif cast.happens(0.12):
        until = (now() + timedelta(days=cast.dice.randrange(1, 4))).replace(hour=7, minute=30, second=0)
        holding.hold(number, cast.agent, HoldCause.SCHEDULED, now(), until=until)
        yield cast.minutes(900)
    if cast.happens(0.4):
        conversation.reply(number, cast.agent, cast.phrase_of_kind(phrases.NEWS), now())
        yield cast.minutes(200)
    yield cast.minutes(120)


def _finish(cast: Cast, number: int) -> Life:
    _resolve(cast, number)
    yield cast.minutes(300)
    if cast.happens(0.07):
        conversation.contact_writes(number, cast.contact, cast.phrase_of_kind(phrases.AGAIN), now())
        yield cast.minutes(120)
        _resolve(cast, number)
        yield cast.minutes(300)
    if cast.happens(0.5):
        moving.move(number, cast.person, Trigger.CLOSE, now())


def _resolve(cast: Cast, number: int) -> None:
    story, was_theirs = cast.story, _was_escalated(number)
    if story.kind is Kind.BILLING:
        code = ResolutionCode.CREDITED if story.vendor else ResolutionCode.ANSWERED
    else:
        code = ResolutionCode.VENDOR_FIXED if was_theirs else ResolutionCode.FIXED
    given = {"resolution_code": code.value, "note": cast.say(story.solution)}
    moving.move(number, cast.agent, Trigger.RESOLVE, now(), given)


def _read(number: int) -> Ticket:
    return db.session.get_one(Ticket, number)


def _was_escalated(number: int) -> bool:
    return db.session.scalar(sa.select(VendorCase.id).where(VendorCase.ticket_id == number).limit(1)) is not None
