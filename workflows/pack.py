"""What the escalation pack must hold for a channel, kind and service, and how much of it is there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from workflows.vocabulary import ChannelKind, Kind, PackItem, Service


@dataclass(frozen=True, slots=True)
class Required:
    """These items are needed on these channels, for these kinds and services; all of them by default."""

    items: tuple[PackItem, ...]
    channels: frozenset[ChannelKind] = frozenset(ChannelKind)
    kinds: frozenset[Kind] = frozenset(Kind)
    services: frozenset[Service] = frozenset(Service)


@dataclass(frozen=True, slots=True)
class Completeness:
    """``percent`` is 100 only when nothing is ``missing``."""

    percent: int
    missing: tuple[PackItem, ...]


WITH_A_CONTRACT: Final = frozenset({ChannelKind.PREMIER, ChannelKind.ADVANCED, ChannelKind.SIGNATURE})
TECHNICAL: Final = frozenset({Kind.TECHNICAL})
AZURE: Final = frozenset({Service.AZURE})
IN_A_TENANT: Final = frozenset({Service.MICROSOFT365, Service.DYNAMICS365})

USUAL_REQUIREMENTS: Final = (
    Required((PackItem.TENANT, PackItem.TITLE, PackItem.DESCRIPTION)),
    Required((PackItem.BUSINESS_IMPACT, PackItem.SEVERITY, PackItem.TRIED)),
    Required((PackItem.DESK_CONTACT, PackItem.DESK_LANGUAGE, PackItem.DESK_TIME_ZONE)),
    Required((PackItem.ATTACHMENTS_CHECKED,)),
    # a question about something else, such as the name on an invoice, has no subscription to name
    Required((PackItem.SUBSCRIPTION,), kinds=frozenset({Kind.BILLING}), services=AZURE | IN_A_TENANT),
    Required(
        (PackItem.SUBSCRIPTION, PackItem.CORRELATION_IDS),
        kinds=TECHNICAL,
        services=AZURE,
    ),
    Required((PackItem.DOMAIN,), kinds=TECHNICAL, services=IN_A_TENANT),
    Required((PackItem.SERVICE_HEALTH, PackItem.FIRST_SEEN, PackItem.SCOPE), kinds=TECHNICAL),
    Required((PackItem.REPRO_STEPS, PackItem.ERROR_TEXT, PackItem.DIAGNOSTICS_CONSENT), kinds=TECHNICAL),
    Required((PackItem.PLAN,), channels=WITH_A_CONTRACT),
)


def required_items(
    requirements: Iterable[Required], channel: ChannelKind, kind: Kind, service: Service
) -> tuple[PackItem, ...]:
    """What the pack must hold, each item once, in the vocabulary's order."""
    needed = {
        item
        for row in requirements
        if channel in row.channels and kind in row.kinds and service in row.services
        for item in row.items
    }
    return tuple(item for item in PackItem if item in needed)


def completeness(items: Iterable[PackItem], have: Collection[PackItem]) -> Completeness:
    """How much of ``items`` is among ``have``; per cent rounded down, 100 for an empty demand."""
    needed = tuple(items)
    missing = tuple(item for item in needed if item not in have)
    present = len(needed) - len(missing)
    return Completeness(100 * present // len(needed) if needed else 100, missing)
