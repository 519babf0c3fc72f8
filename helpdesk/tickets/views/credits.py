"""Service credits: one customer's part of an incident with claim, downtime and credit; and the lists of all credits."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor, person
from helpdesk.clock import now
from helpdesk.errors import Forbidden, Invalid
from helpdesk.escalations.outages import crediting as rules
from helpdesk.escalations.outages.crediting import CreditStep
from helpdesk.escalations.outages.editing import write_downtime
from helpdesk.tickets import affected, claims, credit_queries, facts, outage_queries
from helpdesk.tickets.actions import crediting
from helpdesk.tickets.forms import DowntimeForm
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.outages import attempt, local, read_at
from helpdesk.web.forms import see_other
from helpdesk.web.incoming import is_row_number
from workflows.vocabulary import CreditState, Kind, PartnerKind

POST = ["POST"]
MOST_CENTS = 2_000_000_000
_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")
"""No exponent: reading nine characters of one takes a minute."""


def register(blueprint: Blueprint) -> None:
    one = "/incidents/<int:incident_id>/customers/<int:customer_id>"
    for rule, view, methods in (
        (one, incident_customer, ["GET"]),
        (f"{one}/downtime", incident_downtime, POST),
        (f"{one}/claim", incident_claim, POST),
        (f"{one}/credit", incident_credit, POST),
        ("/credits", credits, ["GET"]),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=methods)
    blueprint.add_app_template_filter(money, "money")


def money(cents: int, currency: str) -> str:
    """An amount in hundredths as people write it: "1,250.00 EUR"."""
    return f"{format_decimal(Decimal(cents) / 100, '#,##0.00')} {currency}"


# one customer's part ------------------------------------------------------------------------------------


@sees_tickets
def incident_customer(incident_id: int, customer_id: int) -> ResponseReturnValue:
    return _page(incident_id, customer_id)


def _page(
    incident_id: int, customer_id: int, error: Invalid | None = None, form: DowntimeForm | None = None
) -> Response:
    found, moment = outage_queries.incident(incident_id), now()
    hit = affected.customer_hit(found, customer_id, moment)
    state = hit.credit.state if hit.credit else None
    form = form or _downtime_form(hit)
    response = make_response(
        render_template(
            "incidents/customer.html",
            incident=found,
            hit=hit,
            drafts=claims.drafts(found, hit),
            downtimes=credit_queries.downtimes(incident_id, customer_id),
            steps=credit_queries.steps(hit.credit) if hit.credit else [],
            follows=_steps_from(state, hit.credit.ticket_id if hit.credit else None),
            may_go_back=state in rules.BEFORE,
            is_pending=state in rules.PENDING,
            is_claimed=credit_queries.is_claimed(hit.credit),
            is_asked=state in (*rules.PENDING, CreditState.REQUESTED),
            claim_tickets=credit_queries.claim_tickets(customer_id) if _may_claim() else [],
            is_over=found.claim_due_at is not None and found.claim_due_at <= moment,
            is_reseller=current_app.config["PARTNER_KIND"] == PartnerKind.INDIRECT_RESELLER,
            may_credit=actor().may(Permission.CHASE_VENDOR, Kind.BILLING),
            may_time=actor().may(Permission.CHASE_VENDOR, Kind.TECHNICAL),
            may_claim=_may_claim(),
            may_open=actor().may(Permission.OPEN_TICKETS, Kind.BILLING),
            form=form,
            typed=request.form,
            error=error,
        )
    )
    response.status_code = 422 if error is not None or form.errors or form.form_errors else 200
    return response


def _downtime_form(hit: affected.Hit) -> DowntimeForm:
    form = DowntimeForm(formdata=None)
    form.began.data, form.ended.data = local(hit.downtime.began_at), local(hit.downtime.ended_at)
    return form


@sees_tickets
def incident_downtime(incident_id: int, customer_id: int) -> ResponseReturnValue:
    """Write how long the customer was without the service; ``back`` returns to what the desk counts by itself."""
    if not actor().may(Permission.CHASE_VENDOR, Kind.TECHNICAL):
        raise Forbidden(_("Your role doesn’t include this."))
    form, who = DowntimeForm(), person().id
    affected.customer_hit(outage_queries.incident(incident_id), customer_id, now())
    if not form.is_accepted():
        return _page(incident_id, customer_id, form=form)

    def write() -> None:
        is_back = "back" in request.form
        began, ended = (None, None) if is_back else (read_at(form, "began"), read_at(form, "ended"))
        write_downtime(incident_id, customer_id, began, ended, form.reason.data, who, now())

    refused = attempt(incident_id, write)
    if refused is None:
        return see_other(f"/incidents/{incident_id}/customers/{customer_id}")
    form.fail(refused)
    return _page(incident_id, customer_id, form=form)


@sees_tickets
def incident_claim(incident_id: int, customer_id: int) -> ResponseReturnValue:
    """Claim the credit by one of the customer's billing tickets, or by a new one."""
    chosen = request.form.get("ticket", "")

    def claim() -> None:
        if chosen == "new":
            crediting.claim_by_new(incident_id, customer_id, actor(), now())
        elif is_row_number(chosen):
            crediting.claim_by(incident_id, customer_id, actor(), int(chosen), now())
        else:
            raise Invalid(_("Choose one of the list."), "ticket")

    return _answer(incident_id, customer_id, claim)


@sees_tickets
def incident_credit(incident_id: int, customer_id: int) -> ResponseReturnValue:
    """Write the credit's next step, or take the last one ``back``."""
    sent = request.form
    reason, who, moment = sent.get("reason", "")[:300], actor(), now()

    def write() -> None:
        if "back" in sent:
            crediting.take_back(incident_id, customer_id, who, reason, moment)
            return
        state = next((word for word in CreditState if word == sent.get("state")), None)
        if state is None:
            raise Invalid(_("Choose one of the list."), "state")
        cents = _cents(sent.get("amount", "")) if state is CreditState.GRANTED else None
        currency = _currency(sent.get("currency", ""))
        day = facts.desk_day(moment)
        step = CreditStep(state, day, cents, currency, reason, sent.get("invoice", "")[:80])
        crediting.track(incident_id, customer_id, who, step, moment)

    return _answer(incident_id, customer_id, write)


def _answer(incident_id: int, customer_id: int, act: Callable[[], Any]) -> ResponseReturnValue:
    affected.customer_hit(outage_queries.incident(incident_id), customer_id, now())
    refused = attempt(incident_id, act)
    if refused is not None:
        return _page(incident_id, customer_id, refused)
    return see_other(f"/incidents/{incident_id}/customers/{customer_id}")


def _cents(text: str) -> int | None:
    """Hundredths of what was typed, with a comma or a point; None where nothing was. Raises Invalid at ``amount``."""
    cleaned = "".join(text.split()).replace(",", ".")
    if not cleaned:
        return None
    amount = _AMOUNT.fullmatch(cleaned)
    cents = int(amount[1]) * 100 + int((amount[2] or "").ljust(2, "0")) if amount else 0
    if not 0 < cents < MOST_CENTS:
        raise Invalid(_("Write an amount such as 12.50."), "amount")
    return cents


def _currency(text: str) -> str:
    """Three capital letters; euro where nothing was typed. Raises Invalid at ``currency``."""
    code = text.strip().upper() or "EUR"
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise Invalid(_("Write the currency as three letters, such as EUR."), "currency")
    return code


def _steps_from(state: CreditState | None, claim_id: int | None) -> list[CreditState]:
    """What may be written next; what ends the deadline of the ticket that claims, only by who may edit that one."""
    ends = {CreditState.REQUESTED, CreditState.NOT_CLAIMED} if claim_id is not None and not _may_claim() else set()
    return [word for word in CreditState if word in rules.NEXT[state] and word not in {CreditState.TO_REQUEST, *ends}]


def _may_claim() -> bool:
    return actor().may(Permission.EDIT_TICKETS, Kind.BILLING)


# all of them --------------------------------------------------------------------------------------------


@sees_tickets
def credits() -> ResponseReturnValue:
    """The credits of one state, those to be passed on unless another is asked for."""
    state = next((word for word in CreditState if word == request.args.get("state")), CreditState.GRANTED)
    after = credit_queries.Place.read(request.args.get("after", ""))
    found = credit_queries.credits(state, after)
    rows = found[: credit_queries.PAGE]
    place = credit_queries.Place(rows[-1][0].updated_at, rows[-1][0].id) if len(found) > len(rows) else None
    return render_template(
        "incidents/credits.html",
        rows=rows,
        state=state,
        states=list(CreditState),
        sums=credit_queries.sums_to_pass_on(),
        after=after,
        next_place=str(place) if place else None,
    )
