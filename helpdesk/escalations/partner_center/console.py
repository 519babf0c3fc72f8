"""The vendor's twin for development: prints what would be sent and remembers it, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import structlog

from helpdesk.clock import now
from helpdesk.escalations.partner_center.reading import Note, RemoteCustomer, RemoteSubscription, ServiceRequest
from workflows.vocabulary import Service, Severity, VendorCaseState

AUTHOR = "The desk"

log = structlog.get_logger()


class ConsoleDesk:
    """A VendorDesk that knows every number, agrees to everything and never says a word by itself.

    It has no opinion of a case's state until it was told one, so that it changes none on the desk.
    """

    def __init__(self) -> None:
        self._cases: dict[str, ServiceRequest] = {}
        self._done: set[str] = set()

    def cases(self, state: VendorCaseState | None = None) -> Iterator[ServiceRequest]:
        yield from (case for case in self._cases.values() if state in (None, case.state))

    def case(self, number: str) -> ServiceRequest:
        return self._cases.get(number) or _blank(number, None, None, ())

    def write(
        self,
        number: str,
        request_id: str,
        *,
        note: str = "",
        state: VendorCaseState | None = None,
        severity: Severity | None = None,
    ) -> ServiceRequest:
        was, at = self.case(number), now()
        if request_id in self._done:
            return was
        self._done.add(request_id)
        log.info("vendor_note_printed", number=number, text=note, becomes=state, severity=severity)
        notes = (*was.notes, Note(AUTHOR, at, note)) if note else was.notes
        changed = _blank(number, state or was.state, at, notes)
        self._cases[number] = replace(changed, severity=severity or was.severity)
        return self._cases[number]

    def customers(self) -> Iterator[RemoteCustomer]:
        yield from ()

    def subscriptions(self, tenant_id: str) -> Iterator[RemoteSubscription]:  # noqa: ARG002 - nobody has bought here
        yield from ()

    def case_page(self, tenant_id: str, service: Service) -> str | None:  # noqa: ARG002 - there is no page to go to
        return None

    def close(self) -> None:
        pass


def _blank(
    number: str, state: VendorCaseState | None, changed_at: datetime | None, notes: tuple[Note, ...]
) -> ServiceRequest:
    return ServiceRequest(
        number=number,
        title="",
        description="",
        state=state,
        raw_state=state.value if state else "",
        severity=None,
        contact=AUTHOR,
        product="",
        organization="",
        tenant_id="",
        created_at=None,
        changed_at=changed_at,
        closed_at=None,
        notes=notes,
    )
