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
from helpdesk.notifications.messages import Letterhead
from helpdesk.notifications.models import Transport
from helpdesk.notifications.outbox import Claim
from helpdesk.notifications.topics import SHAPES, NoticeTopic
from helpdesk.notifications.transports import MailTransport, Unreachable

RESERVE = timedelta(minutes=1)
"""Before a lease ends no letter is begun that might outlast it."""

log = structlog.get_logger()


def deliver_due(
    now: datetime, limit: int = 50, transport: MailTransport | None = None, *, is_catching_up: bool = False
) -> int:
    """Deliver up to ``limit`` due rows and return how many are done with: delivered, or given up.

    Any number may run at once. ``transport`` carries the mails (the configuration's when missing). Zero also
    when the mail server is away: then there is no use in asking again at once. With ``is_catching_up`` more
    promises are about to be told, as after hours of downtime: then those wait, to be one digest a person.
    """
    held_after = now - digests.LONGEST_HOLD if is_catching_up else None
    with unit_of_work():
        digests.gather(now, held_after)
        claims = outbox.claim(now, limit, held_after)
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
    done = 0
    for position, one in enumerate(mails):
        if clock.now() >= until:  # what is left comes back by itself when its lease ends
            break
        try:
            done += _post_one(one, line, head)
        except Unreachable as error:
            _server_is_away(mails[position:], error)
            break
    return done


def _post_one(one: Claim, line: MailTransport, head: Letterhead) -> bool:
    """Send one letter and note how it went; whether it is done with. Raises Unreachable."""
    try:
        line.send(_letter(one, head))
    except Unreachable:
        raise
    except TransportError as error:
        return _refused(one, error.sentence, is_final=error.permanent)
    except Exception as error:  # a fault of ours in one letter must not stop the others
        log.exception("mail_broken", outbox_id=one.id, topic=one.topic)
        return _refused(one, f"{type(error).__name__} while writing it", is_final=False)
    with unit_of_work():
        outbox.mark_sent(one, clock.now())
    return True


def _letter(one: Claim, head: Letterhead) -> letters.Letter:
    topic = NoticeTopic(one.topic)
    return letters.write(
        messages.compose(topic, one.language, one.params, one.ticket_id, head),
        to=one.recipient,
        stable_id=one.stable_id,
        language=one.language,
        written_at=one.created_at,
        head=head,
        number=one.ticket_id,
        is_automatic=SHAPES[topic].is_automatic,
    )


def _refused(one: Claim, reason: str, *, is_final: bool) -> bool:
    """Put the letter off, or give it up; whether it is given up."""
    is_over = is_final or one.attempts >= outbox.MOST_ATTEMPTS
    with unit_of_work():
        if is_over:
            outbox.fail(one, reason)
        else:
            outbox.put_off(one, clock.now(), reason)
    say = log.error if is_over else log.warning
    say("mail_failed" if is_over else "mail_put_off", outbox_id=one.id, topic=one.topic, reason=reason)
    return is_over


def _server_is_away(rest: Sequence[Claim], error: Unreachable) -> None:
    with unit_of_work():
        outbox.release(rest, clock.now(), error.sentence)
    log.error("mail_server_away", waiting=len(rest), reason=error.sentence)
