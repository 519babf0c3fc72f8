"""How tickets of the demo world live: each life is a generator that acts and says how long it waits.

Every act goes through the same actions as a button on a page. What is yielded are business minutes of the
desk until the next act.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from helpdesk.accounts.actor import Actor
from helpdesk.clock import now
from helpdesk.customers.models import Contact, Customer
from helpdesk.database import db
from helpdesk.demo import packing, phrases
from helpdesk.demo.stories import Story
from helpdesk.escalations.models import VendorCase
from helpdesk.tickets import facts
from helpdesk.tickets.actions import assigning, conversation, diagnosing, escalating, holding, moving, triaging
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import (
    CHANNEL_OF_TRIGGER,
    Boundary,
    HealthResult,
    HoldCause,
    Kind,
    Level,
    ResolutionCode,
    ReturnReason,
    Source,
    Trigger,
    TurnAwayReason,
    VendorCaseState,
    WithdrawReason,
)

Life = Iterator[float]
TRIGGER_OF_CHANNEL = {channel: trigger for trigger, channel in CHANNEL_OF_TRIGGER.items()}


@dataclass(frozen=True)
class Cast:
    """Who plays in one ticket, and the dice that decide how it goes."""

    story: Story
    customer: Customer
    contact: Contact
    agent: Actor
    lead: Actor
    topic_id: int
    details: dict[str, object]
    dice: random.Random

    def say(self, text: str) -> str:
        """The story's text with this ticket's number of people and place."""
        return text.format_map(self.details)

    def phrase(self, ways: phrases.Ways) -> str:
        return self.dice.choice(ways[self.story.language])

    def phrase_of_kind(self, ways: Mapping[Kind, phrases.Ways]) -> str:
        return self.phrase(ways[self.story.kind])

    def minutes(self, usual: float) -> float:
        """A believable duration around ``usual`` business minutes: mostly near it, sometimes far above."""
        return min(usual * self.dice.lognormvariate(0, 0.7), usual * 12)

    def happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    @property
    def person(self) -> Actor:
        return Actor.of_contact(self.contact.id, self.contact.name)


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
    found = diagnosing.Findings(
        health=HealthResult.HEALTHY if not is_theirs or cast.happens(0.6) else HealthResult.ADVISORY,
        findings=cast.say(story.findings),
        tried=cast.say(story.tried),
        boundary=Boundary.VENDORS if is_theirs else Boundary.OURS,
        boundary_reason=story.vendor if is_theirs else None,
    )
    diagnosing.record_diagnosis(number, agent, found, now())
    yield cast.minutes(20)
    if is_theirs:
        yield from _escalate(cast, number)
    else:
        moving.move(number, agent, Trigger.START_RESOLUTION, now())


def _escalate(cast: Cast, number: int) -> Life:
    """With the vendor by the recommended channel, there and back; in our own hands when none is open."""
    agent, dice, ticket = cast.agent, cast.dice, _read(number)
    known = facts.gather(ticket, agent, now())
    best = next((found for found in facts.verdicts(ticket, known, now()) if found.is_recommended), None)
    if best is None:
        moving.move(number, agent, Trigger.START_RESOLUTION, now())
        return
    packing.fill(number, agent, dice)
    if cast.happens(0.3):
        yield cast.minutes(25)
    moving.move(number, agent, TRIGGER_OF_CHANNEL[best.kind], now())
    case_id = facts.open_cases(ticket)[0].id
    if cast.happens(0.7):
        conversation.reply(number, agent, cast.phrase(phrases.WITH_VENDOR), now())
    yield cast.minutes(15)
    escalating.record_vendor_number(number, case_id, agent, f"26{dice.randrange(10**13, 10**14)}", now())
    yield cast.minutes(500)
    yield from _talk_with_vendor(cast, number, case_id)
    escalating.note_vendor(number, case_id, agent, dice.choice(phrases.VENDOR_ANSWERS), now(), is_ours=False)
    yield cast.minutes(60)
    escalating.change_vendor_case(number, case_id, agent, VendorCaseState.CLOSED, now())
    answered = {"reason": ReturnReason.VENDOR_ANSWERED.value}
    moving.move(number, agent, Trigger.RETURN_TO_PARTNER, now(), answered)


def _talk_with_vendor(cast: Cast, number: int, case_id: int) -> Life:
    agent, dice = cast.agent, cast.dice
    if cast.happens(0.5):
        asked = dice.choice(phrases.VENDOR_ASKS)
        escalating.note_vendor(number, case_id, agent, asked, now(), is_ours=False, needs_us=True)
        yield cast.minutes(90)
        escalating.note_vendor(number, case_id, agent, dice.choice(phrases.WE_ANSWER), now(), is_ours=True)
        yield cast.minutes(700)
    if cast.happens(0.3):
        escalating.chase_vendor(number, case_id, agent, now())
        escalating.note_vendor(number, case_id, agent, dice.choice(phrases.WE_CHASE), now(), is_ours=True)
        yield cast.minutes(600)


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
