"""SLA policies under Admin: their order, each one's promises, and a tester that says which one a ticket gets."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid, NotFound
from helpdesk.sla import policy_trials, queries, revisions
from helpdesk.sla.level_fields import MEASURES
from helpdesk.sla.models import PromiseRevision, SlaPolicy
from helpdesk.sla.policy_forms import CLOCKS, PolicyForm
from helpdesk.sla.policy_trials import PolicyTrial, TrialForm
from helpdesk.sla.policy_words import Names, conditions
from helpdesk.sla.previews import preview
from helpdesk.web.forms import page, see_other
from helpdesk.web.incoming import row_number
from helpdesk.web.moments import iso
from workflows.vocabulary import LadderAct, LadderRole, Priority

blueprint = Blueprint("policies", __name__, url_prefix="/admin/policies")


# the list ---------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.EDIT_PROMISES)
def index() -> ResponseReturnValue:
    form = TrialForm(formdata=request.args if "try" in request.args else None, meta={"csrf": False})
    policies, names = queries.policies(), Names.read()
    changes = revisions.recent()
    return render_template(
        "admin/policies.html",
        policies=policies,
        conditions={policy.id: conditions(policy, names) for policy in policies},
        form=form,
        trial=_tried(form) if "try" in request.args else None,
        in_progress=revisions.in_progress(),
        changes=changes,
        people=accounts.names_of({each.confirmed_by_id for each in changes if each.confirmed_by_id is not None}),
    )


def _tried(form: TrialForm) -> PolicyTrial | None:
    if not form.validate():  # type: ignore[no-untyped-call]
        return None
    try:
        return policy_trials.attempt(form, now(), request.args.get("clock"))
    except Invalid as error:
        form.fail(error)
        return None


# one policy -------------------------------------------------------------------------------------------


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def new() -> ResponseReturnValue:
    return _work_on(None)


@blueprint.route("/<int:policy_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PROMISES)
def edit(policy_id: int) -> ResponseReturnValue:
    return _work_on(queries.policy(policy_id))


def _work_on(policy: SlaPolicy | None) -> ResponseReturnValue:
    draft = _draft_to_edit()
    form = _form(policy, draft)
    if request.method == "GET":
        return _page(policy, form, seen_at=_typed(draft).get("seen_at") if draft is not None else None)
    added = request.form.get("do", "").removeprefix("level-")
    if added in CLOCKS:
        form[f"levels_{added}"].add_row()
        answer = _page(policy, form, seen_at=request.form.get("seen_at"), opened=added)
        answer.status_code = 200
        return answer
    form.is_accepted()
    revision_id = _proposed(policy, form)
    return preview(revision_id) if revision_id is not None else _page(policy, form)


def _form(policy: SlaPolicy | None, draft: PromiseRevision | None) -> PolicyForm:
    if draft is not None:
        return PolicyForm(formdata=_typed(draft))
    values = PolicyForm.values_of(policy)
    return PolicyForm(data=values | {"is_enabled": True}) if policy is None else PolicyForm(obj=policy, data=values)


def _draft_to_edit() -> PromiseRevision | None:
    """The proposal that somebody goes on editing. Raises NotFound."""
    draft_id = request.args.get("draft", type=row_number)
    if draft_id is None or request.method != "GET":
        return None
    draft = revisions.revision_of(draft_id)
    if draft.draft.get("back") != request.path:
        raise NotFound(_("There is no such change."))
    return draft


def _typed(draft: PromiseRevision) -> MultiDict[str, str]:
    return MultiDict([(name, text) for name, text in draft.draft["typed"]])


def _page(policy: SlaPolicy | None, form: PolicyForm, seen_at: str | None = None, opened: str = "") -> Response:
    return page(
        "admin/policy.html",
        form,
        policy=policy,
        clocks=CLOCKS,
        priorities=tuple(Priority),
        measures=MEASURES,
        roles=tuple(LadderRole),
        acts=tuple(LadderAct),
        opened=opened,
        seen_at=seen_at or (iso(policy.updated_at) if policy is not None else ""),
    )


def _proposed(policy: SlaPolicy | None, form: PolicyForm) -> int | None:
    """Propose what the form says; None with every reason at its field, those of the fields' own checks and ours."""
    draft, seen_at = form.draft(), request.form.get("seen_at")
    # asked before other mistakes: the page that tells of them is made on what is in force now
    if policy is not None and seen_at and seen_at != iso(policy.updated_at):
        form.form_errors.append(
            _("Somebody changed this policy meanwhile. What you typed is kept: save again to replace it.")
        )
        return None
    if draft is None:
        return None
    typed = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
    try:
        with unit_of_work():
            return revisions.propose_policy(policy, draft, person().id, now(), typed, request.path).id
    except Invalid as error:
        form.fail(error)
        return None


@blueprint.post("/<int:policy_id>/position")
@requires(Permission.EDIT_PROMISES)
def move(policy_id: int) -> ResponseReturnValue:
    up = request.form.get("direction") == "up"
    with unit_of_work():
        revision = revisions.propose_order(queries.policy(policy_id), person().id, now(), up=up)
    return preview(revision.id) if revision is not None else see_other(url_for("sla.policies.index"))


@blueprint.post("/<int:policy_id>/removal")
@requires(Permission.EDIT_PROMISES)
def remove(policy_id: int) -> ResponseReturnValue:
    with unit_of_work():
        revision = revisions.propose_removal(queries.policy(policy_id), person().id, now())
    return preview(revision.id)
