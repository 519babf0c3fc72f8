"""Whom to tell."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.notifications import recipients
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic
from workflows.vocabulary import TurnAwayReason

ANA = Recipient("ana@desk.example", "en", "Europe/Budapest", 1)
LEA = Recipient("lea@desk.example", "en", "Europe/Budapest", 2)
MAX = Recipient("max@desk.example", "en", "Europe/Budapest", 3)
RITA = Recipient("rita@alpina.example", "hu", "Europe/Budapest")


def test_a_warning_goes_to_whoever_has_it_else_to_the_lead() -> None:
    assert recipients.for_clock(NoticeTopic.CLOCK_WARNED, ANA, LEA, [MAX]) == (ANA,)
    assert recipients.for_clock(NoticeTopic.CLOCK_WARNED, None, LEA, [MAX]) == (LEA,)
    assert recipients.for_clock(NoticeTopic.CLOCK_WARNED, None, None, [MAX]) == ()


def test_a_breach_goes_to_owner_lead_and_managers_each_once() -> None:
    assert recipients.for_clock(NoticeTopic.CLOCK_BREACHED, ANA, LEA, [MAX]) == (ANA, LEA, MAX)
    assert recipients.for_clock(NoticeTopic.CLOCK_BREACHED, LEA, LEA, [LEA, MAX]) == (LEA, MAX)
    assert recipients.for_clock(NoticeTopic.CLOCK_BREACHED, None, None, [MAX]) == (MAX,)


def test_nobody_is_told_what_they_did_themselves() -> None:
    assert recipients.for_assignment(ANA, by_user_id=ANA.user_id) == ()
    assert recipients.for_assignment(ANA, by_user_id=LEA.user_id) == (ANA,)
    assert recipients.for_assignment(ANA, by_user_id=None) == (ANA,)
    assert recipients.for_assignment(None, by_user_id=LEA.user_id) == ()
    assert recipients.for_mention([ANA, MAX, ANA], by_user_id=MAX.user_id) == (ANA,)


def test_disabled_people_are_not_told_and_their_lead_steps_in() -> None:
    gone = replace(ANA, is_enabled=False)
    assert recipients.for_clock(NoticeTopic.CLOCK_WARNED, gone, LEA) == (LEA,)
    assert recipients.for_owner(gone) == ()


def test_spam_is_never_answered() -> None:
    assert recipients.for_contact(RITA, TurnAwayReason.SPAM) == ()
    assert recipients.for_contact(RITA, TurnAwayReason.NOT_OUR_CUSTOMER) == (RITA,)
    assert recipients.for_contact(RITA) == (RITA,)
