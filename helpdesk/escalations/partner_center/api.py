"""The vendor's desk behind its REST API. Source: Partner Center developer documentation, provide support."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from helpdesk.escalations.partner_center.client import Client
from helpdesk.escalations.partner_center.reading import Fields, RemoteCustomer, RemoteSubscription, ServiceRequest
from workflows.vocabulary import Service, Severity, VendorCaseState

PAGE = 200
CONTINUATION = "MS-ContinuationToken"

_WORDS = {
    Service.AZURE: ("azure",),
    Service.MICROSOFT365: ("exchange", "office", "microsoft 365", "sharepoint", "skype", "teams"),
    Service.DYNAMICS365: ("dynamics", "crm"),
}
"""How managed services are named; the names are the vendor's and change."""


class PartnerCenter:
    """A VendorDesk over HTTP; one conversation, closed by whoever opened it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def cases(self, state: VendorCaseState | None = None) -> Iterator[ServiceRequest]:
        wanted = {}
        if state is not None:  # the only field the vendor searches
            wanted["filter"] = json.dumps({"Field": "Status", "Value": state.value, "Operator": "equals"})
        offset = 0
        while True:
            page = self._client.get("/v1/servicerequests", {"size": str(PAGE), "offset": str(offset), **wanted})
            items = list(page.each("items"))
            yield from (ServiceRequest.read(item) for item in items)
            offset += len(items)
            if not items or offset >= (page.whole("totalCount") or 0):
                return

    def case(self, number: str) -> ServiceRequest:
        return ServiceRequest.read(self._client.get(_path(number)))

    def write(
        self,
        number: str,
        request_id: str,
        *,
        note: str = "",
        state: VendorCaseState | None = None,
        severity: Severity | None = None,
    ) -> ServiceRequest:
        body: dict[str, object] = {}
        if note:
            body["NewNote"] = {"Text": note}
        if state is not None:
            body["Status"] = state.value
        if severity is not None:
            body["Severity"] = severity.value
        return ServiceRequest.read(self._client.patch(_path(number), body, request_id))

    def customers(self) -> Iterator[RemoteCustomer]:
        query, headers = {"size": str(PAGE)}, dict[str, str]()
        while True:
            page = self._client.get("/v1/customers", query, headers)
            yield from (RemoteCustomer.read(item) for item in page.each("items"))
            token = _next_page(page)
            if not token:
                return
            query, headers = {"size": str(PAGE), "seekOperation": "Next"}, {CONTINUATION: token}

    def subscriptions(self, tenant_id: str) -> Iterator[RemoteSubscription]:
        page = self._client.get(f"/v1/customers/{quote(tenant_id, safe='')}/subscriptions")
        yield from (RemoteSubscription.read(item) for item in page.each("items"))

    def case_page(self, tenant_id: str, service: Service) -> str | None:
        page = self._client.get(f"/v1/customers/{quote(tenant_id, safe='')}/managedservices")
        for item in page.each("items"):
            named = item.text("name").lower()
            address = item.inner("links").inner("serviceTicket").text("uri")
            if any(word in named for word in _WORDS.get(service, ())) and self._may_lead_to(address):
                return address
        return None

    def _may_lead_to(self, address: str) -> bool:
        """Only to where traffic is encrypted, or to this machine when the vendor is one on this machine."""
        target, own = urlsplit(address), urlsplit(self._client.base)
        return target.scheme == "https" or (target.scheme == "http" and target.hostname == own.hostname == "127.0.0.1")

    def close(self) -> None:
        self._client.close()


def _path(number: str) -> str:
    return f"/v1/servicerequests/{quote(number, safe='')}"


def _next_page(page: Fields) -> str:
    """The token of the page after this one; of the link to it only this is used, never its address."""
    link = page.inner("links").inner("next")
    tokens = (header.text("value") for header in link.each("headers") if header.text("key") == CONTINUATION)
    return next(tokens, "")
