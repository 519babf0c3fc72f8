"""What the desk asks of the vendor, whoever answers: Partner Center, or its twin on the console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from helpdesk.escalations.partner_center.reading import RemoteCustomer, RemoteSubscription, ServiceRequest
from workflows.vocabulary import Service, Severity, VendorCaseState


class VendorDesk(Protocol):
    """Every method but ``close`` may raise VendorError."""

    def cases(self, state: VendorCaseState | None = None) -> Iterator[ServiceRequest]:
        """The desk's cases in short, without notes; those the delegated roles hide are missing.

        Raises Endless after those that came, where no end of them does.
        """

    def case(self, number: str) -> ServiceRequest:
        """One case with its notes. Raises Hidden when there is none, or none we may see."""

    def write(
        self,
        number: str,
        request_id: str,
        *,
        note: str = "",
        state: VendorCaseState | None = None,
        severity: Severity | None = None,
    ) -> ServiceRequest:
        """Add a note, move the case, change its severity, or all in one; the case as it is then.

        ``request_id`` (a UUID) makes it one change however often it is sent. Raises Unsure when nobody can
        say whether it happened.
        """

    def customers(self) -> Iterator[RemoteCustomer]:
        """Every customer tenant with a relationship to the desk."""

    def subscriptions(self, tenant_id: str) -> Iterator[RemoteSubscription]:
        """What a customer has bought."""

    def case_page(self, tenant_id: str, service: Service) -> str | None:
        """Where a person opens a case for a customer: the vendor's API opens none any more. None if unknown."""

    def close(self) -> None:
        """Let go of connections; never raises."""
