"""Whom to tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from helpdesk.notifications import recipients
from helpdesk.notifications.recipients import Recipient, Standings
from workflows.ladder import TO_BREACH, TO_WARN
from workflows.vocabulary import LadderRole, TurnAwayReason

ANA = Recipient("ana@desk.example", "en", "Europe/Budapest", 1)
LEA = Recipient("lea@desk.example", "en", "Europe/Budapest", 2)
MAX = Recipient("max@desk.example", "en", "Europe/Budapest", 3)
RITA = Recipient("rita@alpina.example", "hu", "Europe/Budapest")


def told(to: Iterable[LadderRole], **standings: Any) -> list[str]:
    """Names of whom the roles reach."""
    return [one.email.split("@")[0] for one in recipients.for_roles(frozenset(to), Standings(**standings))]


def test_a_warning_goes_to_whoever_has_it_else_to_the_lead() -> None:
    assert told(TO_WARN, assignee=ANA, lead=LEA, managers=(MAX,)) == ["ana"]
    assert told(TO_WARN, lead=LEA, managers=(MAX,)) == ["lea"]
    assert told(TO_WARN, managers=(MAX,)) == []


def test_a_breach_goes_to_owner_lead_and_managers_each_once() -> None:
    assert told(TO_BREACH, assignee=ANA, lead=LEA, managers=(MAX,)) == ["ana", "lea", "max"]
    assert told(TO_BREACH, assignee=LEA, lead=LEA, managers=(LEA, MAX)) == ["lea", "max"]
    assert told(TO_BREACH, managers=(MAX,)) == ["max"]


def test_whoever_is_on_call_is_told_and_the_lead_where_nobody_is() -> None:
    assert told([LadderRole.ON_CALL], on_call=MAX, lead=LEA, assignee=ANA) == ["max"]
    assert told([LadderRole.ON_CALL], lead=LEA, assignee=ANA) == ["lea"]
    assert told([LadderRole.ON_CALL], on_call=replace(MAX, is_enabled=False), lead=LEA) == ["lea"]
    assert told([LadderRole.ON_CALL, LadderRole.ASSIGNEE, LadderRole.LEAD], lead=LEA) == ["lea"]


def test_a_level_may_tell_nobody() -> None:
    assert told([], assignee=ANA, lead=LEA, on_call=MAX, managers=(MAX,)) == []


def test_nobody_is_told_what_they_did_themselves() -> None:
    assert recipients.for_assignment(ANA, by_user_id=ANA.user_id) == ()
    assert recipients.for_assignment(ANA, by_user_id=LEA.user_id) == (ANA,)
    assert recipients.for_assignment(ANA, by_user_id=None) == (ANA,)
    assert recipients.for_assignment(None, by_user_id=LEA.user_id) == ()
    assert recipients.for_mention([ANA, MAX, ANA], by_user_id=MAX.user_id) == (ANA,)


def test_disabled_people_are_not_told_and_their_lead_steps_in() -> None:
    gone = replace(ANA, is_enabled=False)
    assert told(TO_WARN, assignee=gone, lead=LEA) == ["lea"]
    assert recipients.for_owner(gone) == ()


def test_spam_is_never_answered() -> None:
    assert recipients.for_contact(RITA, TurnAwayReason.SPAM) == ()
    assert recipients.for_contact(RITA, TurnAwayReason.NOT_OUR_CUSTOMER) == (RITA,)
    assert recipients.for_contact(RITA) == (RITA,)
