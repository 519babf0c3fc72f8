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
from helpdesk.notifications import letters, messages, outbox, transports
from helpdesk.notifications.messages import Letterhead
from helpdesk.notifications.models import Transport
from helpdesk.notifications.outbox import Claim
from helpdesk.notifications.topics import NoticeTopic
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
        if clock.now() >= until:
            break  # the rest come back by themselves when their lease ends
        try:
            done += _post_one(one, line, head)
        except Unreachable as error:
            _server_is_away(mails[position:], error)
            break
    return done


def _post_one(claim: Claim, line: MailTransport, head: Letterhead) -> bool:
    """Send one letter and note how it went; True when it is done with. Raises Unreachable."""
    try:
        line.send(_letter(claim, head))
    except Unreachable:
        raise
    except TransportError as error:
        return _refused(claim, error.sentence, is_final=error.permanent)
    except Exception as error:  # a fault of ours in one letter must not stop the others
        log.exception("mail_broken", outbox_id=claim.id, topic=claim.topic)
        return _refused(claim, f"{type(error).__name__} while writing it", is_final=False)
    with unit_of_work():
        outbox.mark_sent(claim, clock.now())
    return True


def _letter(claim: Claim, head: Letterhead) -> letters.Letter:
    topic = NoticeTopic(claim.topic)
    return letters.write(
        messages.compose(topic, claim.language, claim.params, claim.ticket_id, head),
        to=claim.recipient,
        stable_id=claim.stable_id,
        topic=topic,
        language=claim.language,
        number=claim.ticket_id,
        written_at=claim.created_at,
        head=head,
    )


def _refused(claim: Claim, reason: str, *, is_final: bool) -> bool:
    with unit_of_work():
        if is_final:
            outbox.fail(claim, reason)
        else:
            is_final = not outbox.put_off(claim, clock.now(), reason)
    say = log.error if is_final else log.warning
    say("mail_failed" if is_final else "mail_put_off", outbox_id=claim.id, topic=claim.topic, reason=reason)
    return is_final


def _server_is_away(rest: Sequence[Claim], error: Unreachable) -> None:
    with unit_of_work():
        outbox.release(rest, clock.now(), error.sentence)
    log.error("mail_server_away", waiting=len(rest), reason=error.sentence)
