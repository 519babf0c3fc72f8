"""The right to act for a customer: what a request needs there, what is missing, and what ends soon."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from workflows.channels import SOON, Right, Standing
from workflows.facts import N_, Reason, Reasons
from workflows.vocabulary import Mend, RightKind, Service

MISSING: Final[Mapping[RightKind, Reason]] = MappingProxyType(
    {
        RightKind.DELEGATED_ADMIN: Reason(
            "delegated_admin_missing", N_("The customer has granted no delegated admin role."), mend=Mend.RIGHTS
        ),
        RightKind.SUPPORT_REQUEST: Reason(
            "support_request_role_missing", N_("The support request role on Azure is missing."), mend=Mend.RIGHTS
        ),
        RightKind.RESELLER_RELATIONSHIP: Reason(
            "reseller_relationship_missing",
            N_("There is no reseller relationship with the customer."),
            mend=Mend.RIGHTS,
        ),
    }
)
ENDED: Final[Mapping[RightKind, Reason]] = MappingProxyType(
    {
        RightKind.DELEGATED_ADMIN: Reason(
            "delegated_admin_ended", N_("The delegated admin role ended on %(date)s."), mend=Mend.RIGHTS
        ),
        RightKind.SUPPORT_REQUEST: Reason(
            "support_request_role_ended", N_("The support request role on Azure ended on %(date)s."), mend=Mend.RIGHTS
        ),
        RightKind.RESELLER_RELATIONSHIP: Reason(
            "reseller_relationship_ended", N_("The reseller relationship ended on %(date)s."), mend=Mend.RIGHTS
        ),
    }
)


def needed(service: Service | None) -> tuple[RightKind, ...]:
    """What a technical request about ``service`` needs at the customer.

    Any delegated admin role; on Azure also the support request role and a reseller relationship (Partner Center,
    least-privileged roles by task).
    """
    if service is Service.AZURE:
        return tuple(RightKind)
    return (RightKind.DELEGATED_ADMIN,)


def right_reasons(service: Service | None, on: date, standing: Standing) -> Reasons:
    """What of the rights is missing or has ended on that day; nothing where the desk keeps no record of them."""
    if not standing.tracks_rights:
        return ()
    found = (_unmet(kind, standing.right(kind), on) for kind in needed(service))
    return tuple(reason for reason in found if reason is not None)


def ending_soon(service: Service | None, on: date, standing: Standing) -> dict[RightKind, date]:
    """The needed rights that hold on that day and end within 30 days of it, with their last day."""
    if not standing.tracks_rights:
        return {}
    held = {kind: standing.right(kind) for kind in needed(service)}
    ends = {kind: right.ends_on for kind, right in held.items() if right is not None and right.ends_on is not None}
    return {kind: day for kind, day in ends.items() if on <= day <= on + SOON}


def _unmet(kind: RightKind, right: Right | None, on: date) -> Reason | None:
    if right is None:
        return MISSING[kind]
    if right.ends_on is not None and right.ends_on < on:
        return replace(ENDED[kind], params={"date": right.ends_on})
    return None
