"""The door that carries out what the outbox holds: at least once, and under one Message-ID.

Claim in one transaction, send in none, note the result in another. Whoever is killed in between leaves a
leased row, which is sent again when the lease ends: never lost, at worst the same mail twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import structlog
from flask import current_app

from helpdesk import clock
from helpdesk.database import unit_of_work
from helpdesk.errors import TransportError
from helpdesk.notifications import digests, letters, messages, outbox, transports
from helpdesk.notifications.digests import Bundle
from helpdesk.notifications.messages import Letterhead
from helpdesk.notifications.models import Transport
from helpdesk.notifications.outbox import Claim
from helpdesk.notifications.topics import SHAPES, NoticeTopic
from helpdesk.notifications.transports import MailTransport, Unreachable

RESERVE = timedelta(minutes=1)
"""Before a lease ends no letter is begun that might outlast it."""

log = structlog.get_logger()


def deliver_due(now: datetime, limit: int = 50, transport: MailTransport | None = None) -> int:
    """Deliver up to ``limit`` due rows and return how many are done with: delivered, or given up.

    Any number may run at once. ``transport`` carries the mails (the configuration's when missing). Zero also
    when the mail server is away: then there is no use in asking again at once.
    """
    with unit_of_work():
        claims = outbox.claim(now, limit)
        claims += outbox.claim_beside(digests.people_of(claims), digests.GATHERED, now)
    done = _ring([one for one in claims if one.transport is Transport.IN_APP], now)
    mails = [one for one in claims if one.transport is Transport.MAIL]
    if mails:
        with closing(transport or transports.of_config(current_app.config)) as line:
            done += _post(mails, line, now + outbox.LEASE - RESERVE)
    return done


def _ring(claims: Sequence[Claim], now: datetime) -> int:
    """Lines under bells stay in our own database: all of them in one transaction."""
    if not claims:
        return 0
    with unit_of_work():
        known = outbox.known_users(claims)
        outbox.ring([one for one in claims if one.recipient in known], now)
        for one in claims:
            if one.recipient not in known:
                outbox.fail(one, "There is no such user.")
    return len(claims)


def _post(mails: Sequence[Claim], line: MailTransport, until: datetime) -> int:
    head = Letterhead.of_config(current_app.config)
    waiting = digests.bundles(mails)
    done = 0
    while waiting and clock.now() < until:  # what is left comes back by itself when its lease ends
        try:
            done += _post_one(waiting[0], line, head)
        except Unreachable as error:
            _server_is_away([one for bundle in waiting for one in bundle], error)
            break
        waiting.pop(0)
    return done


def _post_one(bundle: Bundle, line: MailTransport, head: Letterhead) -> int:
    """Send one letter and note how it went; how many claims are done with. Raises Unreachable."""
    try:
        line.send(_letter(bundle, head))
    except Unreachable:
        raise
    except TransportError as error:
        return _refused(bundle, error.sentence, is_final=error.permanent)
    except Exception as error:  # a fault of ours in one letter must not stop the others
        if len(bundle) > 1:
            return sum(_post_one((one,), line, head) for one in bundle)
        log.exception("mail_broken", outbox_id=bundle[0].id, topic=bundle[0].topic)
        return _refused(bundle, f"{type(error).__name__} while writing it", is_final=False)
    with unit_of_work():
        for one in bundle:
            outbox.mark_sent(one, clock.now())
    return len(bundle)


def _letter(bundle: Bundle, head: Letterhead) -> letters.Letter:
    """The letter of a bundle: its only claim's own, or one that lists them all."""
    first = bundle[0]
    if len(bundle) > 1:
        items = [(NoticeTopic(one.topic), one.params, one.ticket_id) for one in bundle]
        text, number, is_automatic = messages.digest(first.language, items, head), None, True
    else:
        topic, number = NoticeTopic(first.topic), first.ticket_id
        text = messages.compose(topic, first.language, first.params, number, head)
        is_automatic = SHAPES[topic].is_automatic
    return letters.write(
        text,
        to=first.recipient,
        stable_id=" ".join(one.stable_id for one in bundle),
        language=first.language,
        written_at=first.created_at,
        head=head,
        number=number,
        is_automatic=is_automatic,
    )


def _refused(bundle: Bundle, reason: str, *, is_final: bool) -> int:
    """Put the claims of a letter off, or give them up; how many are given up."""
    given_up = 0
    for one in bundle:
        with unit_of_work():
            is_over = is_final or one.attempts >= outbox.MOST_ATTEMPTS
            if is_over:
                outbox.fail(one, reason)
            else:
                outbox.put_off(one, clock.now(), reason)
        say = log.error if is_over else log.warning
        say("mail_failed" if is_over else "mail_put_off", outbox_id=one.id, topic=one.topic, reason=reason)
        given_up += is_over
    return given_up


def _server_is_away(rest: Sequence[Claim], error: Unreachable) -> None:
    with unit_of_work():
        outbox.release(rest, clock.now(), error.sentence)
    log.error("mail_server_away", waiting=len(rest), reason=error.sentence)
