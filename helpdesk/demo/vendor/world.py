"""What the stand-in knows: tenants, subscriptions, service requests, tokens. One lock guards all of it."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from helpdesk.clock import now

TOKEN_LIFE = timedelta(hours=1)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Status(IntEnum):
    """Of a service request, by the integers that lists show."""

    NONE = 0
    OPEN = 1
    CLOSED = 2
    ATTENTION_NEEDED = 3


class Severity(IntEnum):
    UNKNOWN = 0
    CRITICAL = 1
    MODERATE = 2
    MINIMAL = 3


@dataclass
class HeldNote:
    author: str
    written_at: datetime
    text: str


@dataclass
class HeldFile:
    """A file on a request: its id, its name with extension, its size, and where it is to be had."""

    key: str
    name: str
    size_bytes: int
    url: str = ""


@dataclass
class HeldRequest:
    """A service request as the vendor holds it. ``tenant`` is empty for the desk's own questions."""

    number: str
    title: str
    tenant: str = ""
    description: str = ""
    product: str = "Microsoft 365"
    status: Status = Status.OPEN
    severity: Severity = Severity.MODERATE
    created_at: datetime = NEVER
    changed_at: datetime = NEVER
    closed_at: datetime = NEVER
    is_hidden: bool = False  # the desk's delegated roles (GDAP) don't cover it
    notes: list[HeldNote] = field(default_factory=list)
    files: list[HeldFile] = field(default_factory=list)


@dataclass
class Grant:
    """What an access token is good for, until when."""

    expires_at: datetime
    is_app_only: bool = False


class VendorWorld:
    """Everything behind the API. ``clock`` tells the vendor's time; ``seed`` decides odd spellings.

    Public methods may be called from any thread: they are how a test or a demo plays the vendor's engineers.
    """

    tenant = "desk.onmicrosoft.example"
    client_id = "11111111-2222-4333-8444-555555555555"
    client_secret = "a secret of the stand-in"  # noqa: S105 - opens nothing but this stand-in
    partner_user = "Desk Robot"
    contact = ("Ana", "Kovács")

    def __init__(self, clock: Callable[[], datetime] = now, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.requests: dict[str, HeldRequest] = {}
        self.customers: list[dict[str, Any]] = []
        self.subscriptions: dict[str, list[dict[str, Any]]] = {}
        self.may_create = False  # the vendor has taken creation away
        self.refuses = False  # changes of state and severity, with everything that came along
        self.ignores = False  # the same, but for the note
        self.portal = ""  # where people open requests; empty: the addresses the documentation shows
        self.most_a_minute: int | None = None  # requests that are answered; the vendor grants some 500
        self._minute, self._asked = datetime.min.replace(tzinfo=UTC), 0
        self.answered: dict[tuple[str, str], bytes] = {}  # (MS-RequestId, path) -> what was said
        self.grants: dict[str, Grant] = {}
        self.refresh_tokens: dict[str, bool] = {}  # token -> still good
        self.first_refresh_token = self.consent()

    # tokens -------------------------------------------------------------------------------------------------

    def consent(self) -> str:
        """A refresh token, as a person's consent brings the first one."""
        token = f"refresh-{uuid.uuid4().hex}"
        self.refresh_tokens[token] = True
        return token

    def sell(self, refresh_token: str) -> tuple[str, str] | None:
        """An access token and the refresh token to use from now on; None when the old one is no good.

        The first use of a newer refresh token ends all older ones.
        """
        with self.lock:
            if not self.refresh_tokens.get(refresh_token):
                return None
            for older in self.refresh_tokens:
                if older == refresh_token:
                    break
                self.refresh_tokens[older] = False
            return self.grant(), self.consent()

    def grant(self, *, is_app_only: bool = False) -> str:
        with self.lock:
            token = f"access-{uuid.uuid4().hex}"
            self.grants[token] = Grant(self.clock() + TOKEN_LIFE, is_app_only)
            return token

    def expire_tokens(self) -> None:
        """End every access token at once, as a password change or a policy does."""
        with self.lock:
            self.grants.clear()

    def revoke_consent(self) -> None:
        with self.lock:
            self.refresh_tokens.clear()
            self.grants.clear()

    def too_soon(self) -> int:
        """Count a request; the seconds to wait when the minute's are used up, else 0."""
        at = self.clock()
        with self.lock:
            if at - self._minute >= timedelta(minutes=1):
                self._minute, self._asked = at, 0
            self._asked += 1
            if self.most_a_minute is None or self._asked <= self.most_a_minute:
                return 0
            return max(int((self._minute + timedelta(minutes=1) - at).total_seconds()), 1)

    # service requests ---------------------------------------------------------------------------------------

    def open_request(self, number: str, title: str = "Something is wrong", **parts: Any) -> HeldRequest:
        with self.lock:
            at = self.clock()
            held = HeldRequest(number, title, created_at=at, changed_at=at, **parts)
            self.requests[number] = held
            return held

    def write(self, number: str, text: str, author: str = "Microsoft Support") -> HeldNote:
        """An engineer of the vendor, or a colleague in the portal, adds a note."""
        with self.lock:
            held = self.requests[number]
            note = HeldNote(author, self.clock(), text)
            held.notes.append(note)
            held.changed_at = note.written_at
            return note

    def attach(self, number: str, name: str, size_bytes: int, url: str = "") -> HeldFile:
        """Somebody puts a file on the request."""
        with self.lock:
            held = self.requests[number]
            file = HeldFile(f"{number}-{len(held.files) + 1}", name, size_bytes, url)
            held.files.append(file)
            held.changed_at = self.clock()
            return file

    def move(self, number: str, status: Status) -> None:
        with self.lock:
            held = self.requests[number]
            held.status, held.changed_at = status, self.clock()
            held.closed_at = held.changed_at if status is Status.CLOSED else NEVER

    def new_number(self) -> str:
        """Fifteen digits that no request has."""
        with self.lock:
            while True:
                number = f"{self.dice.randrange(10**14, 10**15)}"
                if number not in self.requests:
                    return number

    def texts(self, number: str) -> list[str]:
        with self.lock:
            return [note.text for note in self.requests[number].notes]

    # customers ----------------------------------------------------------------------------------------------

    def add_customer(self, name: str, domain: str, tenant_id: str | None = None) -> str:
        tenant_id = tenant_id or str(uuid.uuid4())
        profile = {"tenantId": tenant_id, "domain": domain, "companyName": name}
        customer = {"id": tenant_id, "commerceId": str(uuid.uuid4()), "companyProfile": profile}
        customer |= {"relationshipToPartner": "reseller", "attributes": {"objectType": "Customer"}}
        with self.lock:
            self.customers.append(customer)
            self.subscriptions.setdefault(tenant_id, [])
        return tenant_id

    def add_subscription(self, tenant_id: str, name: str, seats: int = 10, **parts: Any) -> dict[str, Any]:
        usual = {
            "id": str(uuid.uuid4()),
            "offerId": "CFQ7TTC0LH18:0001",
            "offerName": name,
            "friendlyName": name,
            "quantity": seats,
            "unitType": "Licenses",
            "creationDate": "2026-02-01T09:30:11.5147261Z",
            "effectiveStartDate": "2026-02-01T00:00:00Z",
            "commitmentEndDate": "2027-01-31T00:00:00Z",
            "cancellationAllowedUntilDate": "2026-02-08T09:30:11.5147261Z",
            "status": "active",
            "autoRenewEnabled": True,
            "billingType": "license",
            "billingCycle": "monthly",
            "termDuration": "P1Y",
            "isTrial": False,
            "isMicrosoftProduct": True,
            "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
            "suspensionReasons": [],
            "attributes": {"etag": uuid.uuid4().hex, "objectType": "Subscription"},
        }
        with self.lock:
            self.subscriptions[tenant_id].append(usual | parts)
            return self.subscriptions[tenant_id][-1]
