"""Support channels, the desk's right to use them, and its rights at the customer: plain values.

What a channel covers and costs is data, since the vendor changes it; the kinds are code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from types import MappingProxyType
from typing import Final

from workflows.vocabulary import ChannelKind, Kind, RightKind, Service

KIND_OF: Final[Mapping[ChannelKind, Kind]] = MappingProxyType(
    {
        ChannelKind.COMMERCIAL: Kind.BILLING,
        ChannelKind.PREMIER: Kind.TECHNICAL,
        ChannelKind.ADVANCED: Kind.TECHNICAL,
        ChannelKind.SIGNATURE: Kind.TECHNICAL,
    }
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A support channel as the desk has set it up.

    ``cost_rank`` orders channels, cheapest first; ``cost`` is the fee and the price of an incident as
    people read them. ``needs_right_to_act`` is False where the vendor asks for no rights at the customer.
    ``starts_on`` and ``ends_on`` (both included) are the days on which the vendor offers it, None: no limit known.
    """

    kind: ChannelKind
    services: frozenset[Service]
    cost_rank: int = 0
    cost: str = ""
    needs_entitlement: bool = True
    needs_right_to_act: bool = True
    is_enabled: bool = True
    starts_on: date | None = None
    ends_on: date | None = None


FEWEST_USES: Final = 3
FEWEST_DAYS: Final = 14
"""From fewer uses or days no pace can be told: one incident on the first day is no rate of one a day."""
SOON: Final = timedelta(days=30)
"""A contract or a right that ends within so many days is named before it ends."""

CLOUD: Final = frozenset({Service.AZURE, Service.MICROSOFT365, Service.DYNAMICS365})
USUAL_CHANNELS: Final = (
    Channel(ChannelKind.COMMERCIAL, frozenset(Service), cost_rank=0, needs_entitlement=False),
    Channel(ChannelKind.SIGNATURE, CLOUD - {Service.MICROSOFT365}, cost_rank=1),
    Channel(ChannelKind.ADVANCED, CLOUD, cost_rank=2),
    Channel(ChannelKind.PREMIER, frozenset(Service), cost_rank=3),
)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The desk's right to use a channel, both dates included.

    ``number`` is the caller's own, to find the row again. ``incidents_included`` is None where the channel
    does not count them; ``incidents_used`` is what was taken less what was refunded. ``services`` is None
    where the contract covers all that the channel does. ``fee`` is for the whole term, in whole units of
    ``currency``, None where it isn't known.
    """

    number: int
    channel: ChannelKind
    starts_on: date
    ends_on: date
    incidents_included: int | None = None
    incidents_used: int = 0
    services: frozenset[Service] | None = None
    papers: str = ""  # contract and access id, as the vendor asks for them
    fee: int | None = None
    currency: str = ""

    @property
    def incidents_left(self) -> int | None:
        """How many incidents may still be opened; None when they are not counted."""
        if self.incidents_included is None:
            return None
        return max(0, self.incidents_included - self.incidents_used)

    @property
    def incident_cost(self) -> int | None:
        """The term's fee shared among the incidents included; None without a fee or a count."""
        return None if self.fee is None or not self.incidents_included else round(self.fee / self.incidents_included)

    def holds_on(self, on: date) -> bool:
        return self.starts_on <= on <= self.ends_on

    def ends_soon(self, on: date) -> bool:
        """Whether it holds on that day and ends within 30 days of it."""
        return self.holds_on(on) and self.ends_on <= on + SOON

    def has_pace(self, on: date) -> bool:
        """Whether enough was used, over enough days of the term, to tell how it goes on."""
        days = (on - self.starts_on).days + 1
        return self.holds_on(on) and self.incidents_used >= FEWEST_USES and days >= FEWEST_DAYS

    def runs_out_on(self, on: date) -> date | None:
        """The day the last incident goes at the pace so far.

        None when some will be left, when too little was used to tell, and when none is left to run out.
        """
        if not self.incidents_left or not self.has_pace(on):
            return None
        days = (on - self.starts_on).days + 1
        days_left = ceil(self.incidents_left * days / self.incidents_used)
        return on + timedelta(days=days_left) if days_left <= (self.ends_on - on).days else None


@dataclass(frozen=True, slots=True)
class Right:
    """A role the customer has granted the desk; ``ends_on`` (included) is None when it does not expire."""

    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the desk stands towards the customer.

    A right that is None is missing. A desk that keeps no record of rights says so with ``tracks_rights``;
    otherwise nothing recorded means nothing granted.
    """

    is_indirect_reseller: bool = False
    tracks_rights: bool = True
    delegated_admin: Right | None = None
    support_request: Right | None = None  # on the customer's Azure subscriptions
    reseller_relationship: Right | None = None

    def right(self, kind: RightKind) -> Right | None:
        """The right of this kind, None when the customer has not granted it."""
        return {
            RightKind.DELEGATED_ADMIN: self.delegated_admin,
            RightKind.SUPPORT_REQUEST: self.support_request,
            RightKind.RESELLER_RELATIONSHIP: self.reseller_relationship,
        }[kind]
