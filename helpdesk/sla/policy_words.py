"""What a policy asks and promises, said in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import gettext as _

from helpdesk.customers import queries as customers
from helpdesk.sla import queries
from helpdesk.sla.models import SlaPolicy
from helpdesk.web.labels import label


class Names(NamedTuple):
    """Names by id of what conditions point to."""

    customers: Mapping[int, str]
    plans: Mapping[int, str]

    @classmethod
    def read(cls) -> Names:
        return cls(dict(customers.customer_choices()), {plan.id: plan.name for plan in customers.plans()})


def conditions(policy: SlaPolicy, names: Names) -> str:
    """The conditions as one line: "kind Technical · service Azure · tag outage"."""
    if policy.is_default:
        return _("every other ticket, guests’ too")
    said = []
    if policy.kind is not None:
        said.append(_("kind %(name)s", name=label(policy.kind)))
    if policy.service is not None:
        said.append(_("service %(name)s", name=label(policy.service)))
    if policy.customer_id is not None:
        gone = _("no longer served")
        said.append(_("customer %(name)s", name=names.customers.get(policy.customer_id, gone)))
    if policy.support_plan_id is not None:
        said.append(_("plan %(name)s", name=names.plans.get(policy.support_plan_id, "")))
    if policy.tag is not None:
        said.append(_("tag %(name)s", name=policy.tag))
    return " · ".join(said)


def why_not(policy: SlaPolicy, asked: queries.Asked, names: Names) -> str:
    """Why a policy that stands before the one that won was passed by."""
    if not policy.is_enabled:
        return _("it is switched off")
    reasons = {
        "kind": _("it wants the kind %(name)s", name=label(policy.kind) if policy.kind else ""),
        "service": _("it wants the service %(name)s", name=label(policy.service) if policy.service else ""),
        "customer_id": _("it is for %(name)s", name=names.customers.get(policy.customer_id or 0, "")),
        "support_plan_id": _("it wants the plan %(name)s", name=names.plans.get(policy.support_plan_id or 0, "")),
        "tag": _("it wants the tag %(name)s", name=policy.tag or ""),
    }
    return ", ".join(reasons[name] for name in queries.unmet(policy, asked))
