"""What leads out of the desk: the vendor's case, mirrored by hand, and the contact's tracker links."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.session import actor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.tickets.actions import escalating, trackers
from helpdesk.tickets.forms import VendorNumberForm
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import Typed, find, ticket_page
from helpdesk.tickets.views.work import back
from workflows.vocabulary import SlaParty, VendorCaseState

SEND = "send"
"""Who wrote a note: we, and it is to leave now."""

LONGEST = 20_000
"""Characters of a note on a vendor's case, as of a message."""


def register(blueprint: Blueprint) -> None:
    case = "/tickets/<int:number>/vendor-cases/<int:case_id>"
    for rule, view in (
        (f"{case}/number", case_number),
        (f"{case}/notes", case_notes),
        (f"{case}/notes/<int:note_id>/sending", case_sending),
        (f"{case}/state", case_state),
        (f"{case}/chase", case_chase),
        ("/tickets/<int:number>/tracker", tracker),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


@sees_tickets
def case_number(number: int, case_id: int) -> ResponseReturnValue:
    form = VendorNumberForm()
    if not form.is_accepted():
        return ticket_page(number, Typed(case={case_id: form}), 422)
    return _on_case(number, lambda: escalating.record_vendor_number(number, case_id, actor(), form.number.data, now()))


@sees_tickets
def case_notes(number: int, case_id: int) -> ResponseReturnValue:
    body = request.form.get("body", "").strip()
    if not body:
        return ticket_page(number, Typed(notice=_("Paste the text first.")), 422)
    if len(body) > LONGEST:
        return _too_long(number)
    by, needs_us = request.form.get("by"), "needs_us" in request.form
    is_to_send = by == SEND
    is_ours = is_to_send or by == SlaParty.DESK.value
    return _on_case(
        number,
        lambda: escalating.note_vendor(
            number, case_id, actor(), body, now(), is_ours=is_ours, needs_us=needs_us, is_to_send=is_to_send
        ),
    )


@sees_tickets
def case_sending(number: int, case_id: int, note_id: int) -> ResponseReturnValue:
    """Send a note again that was given up."""
    return _on_case(number, lambda: escalating.send_again(number, case_id, actor(), note_id, now()))


@sees_tickets
def case_state(number: int, case_id: int) -> ResponseReturnValue:
    states: Mapping[str, VendorCaseState] = {state.value: state for state in VendorCaseState}
    state = states.get(request.form.get("state", ""))
    if state is None:
        raise Invalid(_("Choose one of the list."), "state")
    return _on_case(number, lambda: escalating.change_vendor_case(number, case_id, actor(), state, now()))


@sees_tickets
def case_chase(number: int, case_id: int) -> ResponseReturnValue:
    """Somebody reminded the vendor: elsewhere, or by the words that came along, kept as a note or sent now."""
    body, is_to_send = request.form.get("body", "").strip(), request.form.get("by") == SEND
    if not body and "body" in request.form:
        return ticket_page(number, Typed(notice=_("Write the reminder first.")), 422)
    if len(body) > LONGEST:
        return _too_long(number)
    return _on_case(
        number, lambda: escalating.chase_vendor(number, case_id, actor(), now(), body, is_to_send=is_to_send)
    )


def _too_long(number: int) -> Response:
    return ticket_page(number, Typed(notice=_("Use at most %(max)d characters.", max=LONGEST)), 422)


def _on_case(number: int, act: Callable[[], object]) -> Response:
    try:
        with unit_of_work():
            act()
    except Invalid as error:
        return ticket_page(number, Typed(notice=error.sentence), 422)
    return back(number, "#cases")


# tracker links ----------------------------------------------------------------------------------------


@sees_tickets
def tracker(number: int) -> ResponseReturnValue:
    find(number)
    if "revoke" in request.form:
        with unit_of_work():
            trackers.revoke_trackers(number, actor(), now())
        return back(number)
    with unit_of_work():
        token = trackers.reissue_tracker(number, actor(), now())
    return ticket_page(number, Typed(link=f"{current_app.config['BASE_URL']}/track/{token}"))
