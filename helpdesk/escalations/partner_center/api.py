"""The vendor's desk behind its REST API. Source: Partner Center developer documentation, provide support."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from helpdesk.escalations.partner_center.client import Client
from helpdesk.escalations.partner_center.errors import Endless
from helpdesk.escalations.partner_center.reading import Fields, RemoteCustomer, RemoteSubscription, ServiceRequest
from helpdesk.phrases import N_
from workflows.vocabulary import Service, Severity, VendorCaseState

PAGE = 200
MOST_PAGES = 500
"""Of one list; the survey has had enough long before, unless the vendor makes its pages very short."""

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
        offset, known = 0, set[str]()
        for _page in range(MOST_PAGES):
            page = self._client.get("/v1/servicerequests", {"size": str(PAGE), "offset": str(offset), **wanted})
            items = [ServiceRequest.read(item) for item in page.each("items")]
            fresh = {one.number: one for one in items if one.number not in known}
            yield from fresh.values()
            offset += len(items)
            if not items or offset >= (page.whole("totalCount") or 0):
                return
            if not fresh:  # a vendor that overlooks the offset
                break
            known |= fresh.keys()
        raise Endless(N_("Partner Center’s list of cases does not end."))

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
        query, headers, known = {"size": str(PAGE)}, dict[str, str](), set[str]()
        for _page in range(MOST_PAGES):
            page = self._client.get("/v1/customers", query, headers)
            items = [RemoteCustomer.read(item) for item in page.each("items")]
            fresh = {one.tenant_id: one for one in items if one.tenant_id not in known}
            yield from fresh.values()
            token = _next_page(page)
            if not token:
                return
            if not fresh and (items or token == headers.get(CONTINUATION)):
                break
            known |= fresh.keys()
            query, headers = {"size": str(PAGE), "seekOperation": "Next"}, {CONTINUATION: token}
        raise Endless(N_("Partner Center’s list of customers does not end."))

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
