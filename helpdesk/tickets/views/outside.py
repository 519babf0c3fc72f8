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
from helpdesk.tickets.vendor_forms import SEND, VendorChaseForm, VendorNoteForm
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.ticket import Typed, find, ticket_page
from helpdesk.tickets.views.work import back, own_address
from helpdesk.web.forms import Form, carry_out
from workflows.vocabulary import VendorCaseState


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

    def act() -> None:
        escalating.record_vendor_number(number, case_id, actor(), form.number.data, now())

    return _by_form(number, case_id, form, act)


@sees_tickets
def case_notes(number: int, case_id: int) -> ResponseReturnValue:
    form = VendorNoteForm()

    def act() -> None:
        escalating.note_vendor(
            number,
            case_id,
            actor(),
            form.body.data,
            now(),
            is_ours=form.is_ours,
            needs_us=form.needs_us.data,
            is_to_send=form.is_to_send,
            form_id=form.form_id.data,
        )

    return _by_form(number, case_id, form, act)


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
    if "body" not in request.form:
        return _on_case(number, lambda: escalating.chase_vendor(number, case_id, actor(), now()))
    form, is_to_send = VendorChaseForm(), request.form.get("by") == SEND

    def act() -> None:
        escalating.chase_vendor(
            number, case_id, actor(), now(), form.body.data, is_to_send=is_to_send, form_id=form.form_id.data
        )

    return _by_form(number, case_id, form, act)


def _by_form(number: int, case_id: int, form: Form, act: Callable[[], None]) -> Response:
    """Do what a form on the case's card says; whatever is refused stands there again, with what was typed."""

    def act_and_go_on() -> str:
        act()
        return own_address(f"/tickets/{number}#cases")

    return carry_out(form, act_and_go_on) or ticket_page(number, Typed(case={case_id: form}), 422)


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
