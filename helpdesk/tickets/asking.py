"""What a ticket lacks at the customer before anybody may act for them, and the words to ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from flask import current_app, render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.notifications.wording import PORTALS
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.reasons import say
from helpdesk.web import moments
from helpdesk.web.labels import label
from helpdesk.web.language import LANGUAGES
from workflows.channels import Standing
from workflows.rights import ending_soon, needed, right_reasons
from workflows.vocabulary import BoughtHere, Kind, RightKind, State


@dataclass(frozen=True, slots=True)
class Lacking:
    """``sentences`` say what is missing or ends soon; ``letter`` asks the customer for it, in their language."""

    is_missing: bool
    sentences: list[str] = field(default_factory=list)
    letter: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Who helps with what was not bought through us: the portal that the mail names, and its language."""

    portal: str
    url: str
    language: str


def bought_elsewhere(ticket: Ticket) -> bool:
    """Whether the contact says that it was not bought through us."""
    return ticket.intake.get("bought_through_us") == BoughtHere.NO


def elsewhere_of(ticket: Ticket) -> Elsewhere | None:
    """Where turning the ticket away would send its contact; None unless they say that they bought it elsewhere."""
    if ticket.state is not State.INTAKE or not bought_elsewhere(ticket):
        return None
    name, url = PORTALS[ticket.service]
    return Elsewhere(name, url, LANGUAGES.get(ticket.language, LANGUAGES["en"]))


def lacking_of(ticket: Ticket, standing: Standing, today: date) -> Lacking | None:
    """What of the right to act is missing for this ticket, or ends within 30 days; None when all is well.

    Billing questions need none: the commercial channel is the desk's own. Nothing is said before the customer is
    confirmed, since nobody knows yet whose rights would count.
    """
    if not ticket.is_open or ticket.kind is not Kind.TECHNICAL or not ticket.is_customer_confirmed:
        return None
    reasons = right_reasons(ticket.service, today, standing)
    soon = ending_soon(ticket.service, today, standing)
    if not reasons and not soon:
        return None
    ends = [
        _("%(right)s ends on %(day)s.", right=label(kind), day=moments.calendar_date(day)) for kind, day in soon.items()
    ]
    unmet = [kind for kind in needed(ticket.service) if _is_unmet(kind, standing, today)]
    language = ticket.language if ticket.language in LANGUAGES else "en"
    letter = _letter(ticket, [(kind, None) for kind in unmet] + list(soon.items()), language)
    return Lacking(bool(reasons), [say(reason) for reason in reasons] + ends, letter, language)


def _is_unmet(kind: RightKind, standing: Standing, today: date) -> bool:
    """Whether the right is missing or has ended."""
    right = standing.right(kind)
    return right is None or (right.ends_on is not None and right.ends_on < today)


def _letter(ticket: Ticket, wanted: list[tuple[RightKind, date | None]], language: str) -> str:
    """``wanted``: what is asked for, each with the last day of the one that it is to follow."""
    with force_locale(language):
        return render_template(
            f"tickets/asks/{language}.txt",
            name=ticket.contact.name,
            number=ticket.id,
            wanted=wanted,
            desk=current_app.config["DESK_NAME"],
        ).strip()
