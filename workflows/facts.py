"""What the rules may know of a ticket: plain values, gathered by the caller.

A rule that is not met answers with a ``Reason``: an English sentence marked for translation,
never a translated text, so that this package needs no catalogue.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workflows.vocabulary import (
    ActorKind,
    Boundary,
    BoundaryReason,
    ChannelKind,
    HealthResult,
    Kind,
    Level,
    Mend,
    Particular,
    Service,
)


def N_(message_id: str) -> str:
    """Mark an English sentence for extraction; it is translated where it is shown."""
    return message_id


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something may not happen.

    ``code`` is a stable word for programs. ``message_id`` is an English sentence with ``%(name)s``
    placeholders, ``params`` their values: a member of a vocabulary enum stands for its label, a ``date``
    for the reader's way of writing it. ``mend`` says what would open the door. ``field`` names the form
    field the complaint belongs to, when it is about a particular of the move. A lead may pass an
    ``is_overridable`` one with a kept reason.
    """

    code: str
    message_id: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)
    mend: Mend | None = None
    field: Particular | None = None
    is_overridable: bool = False

    def __str__(self) -> str:
        """The sentence in English, for logs and tests."""
        return self.message_id % self.params if self.params else self.message_id


Reasons = tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what their roles allow on this ticket.

    ``may_move`` and ``may_override`` speak of staff only: the caller reads them from its permission table
    (a manager moves nothing; a billing_admin moves billing tickets only). A contact here is one of the
    ticket's own; strangers never come this far.
    """

    kind: ActorKind
    may_move: bool = False
    may_override: bool = False


AGENT: Final = Actor(ActorKind.STAFF, may_move=True)
LEAD: Final = Actor(ActorKind.STAFF, may_move=True, may_override=True)
ONLOOKER: Final = Actor(ActorKind.STAFF)  # reads, writes notes, moves nothing
CONTACT: Final = Actor(ActorKind.CONTACT)
SCHEDULER: Final = Actor(ActorKind.SCHEDULER)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The record an agent keeps while looking for the cause; empty until they write it.

    ``boundary_override`` is a lead's kept reason for asking the vendor although the boundary says ours.
    """

    health: HealthResult | None = None
    findings: str = ""
    tried: str = ""
    boundary: Boundary | None = None
    boundary_reason: BoundaryReason | None = None
    boundary_override: str = ""


@dataclass(frozen=True, slots=True)
class MergeTarget:
    """The ticket this one is to be merged into, as found by the number that was typed."""

    is_open: bool
    is_same_customer: bool
    is_this_ticket: bool = False
    is_merged_into_this: bool = False  # directly or through others
    refused_kind: Kind | None = None  # its kind, where the actor's roles don't move tickets of it


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the move's own form collected; a code may be any string, it is checked here.

    ``target`` is None when nothing was typed or nothing was found under the number.
    """

    reason: str = ""
    resolution_code: str = ""
    note: str = ""
    left_open_reason: str = ""
    target: MergeTarget | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the guards may ask about one ticket at one moment, and about who asks.

    The defaults are the cautious ones: what the caller does not say is not so. ``channels`` maps each
    support channel to why it is closed (empty: open), as ``escalation.verdicts`` finds; a channel that is
    missing there is closed. ``packs`` maps a channel to how complete its pack is, in per cent; a channel that
    is missing there asks for no pack.
    ``is_reopen_window_open``, ``is_quiet_over`` and ``is_wait_over`` (the contact left the last reminder
    unanswered) are judged by the caller, who knows the time.
    """

    kind: Kind
    actor: Actor
    service: Service | None = None
    impact: Level | None = None
    urgency: Level | None = None
    has_topic: bool = False
    is_customer_confirmed: bool = False
    has_assignee: bool = False
    diagnosis: Diagnosis = Diagnosis()
    open_children: int = 0
    open_vendor_cases: int = 0
    is_reopen_window_open: bool = False
    is_quiet_over: bool = False
    is_wait_over: bool = False
    channels: Mapping[ChannelKind, Reasons] = dataclasses.field(default_factory=dict, hash=False)
    packs: Mapping[ChannelKind, int] = dataclasses.field(default_factory=dict, hash=False)
    pack_override: str = ""  # a lead's kept reason for escalating with an incomplete pack
    particulars: Particulars = Particulars()
