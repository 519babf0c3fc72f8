"""What one kind of trouble in the demo world consists of."""

from __future__ import annotations

from typing import NamedTuple

from workflows.vocabulary import BoundaryReason, Kind, Service


class Story(NamedTuple):
    """One kind of trouble. ``{n}`` and ``{site}`` vary from ticket to ticket and stay the same within one.

    ``vendor`` is why it is the vendor's to solve when it goes that far; None keeps it ours.
    """

    language: str
    kind: Kind
    service: Service
    topic: str
    subject: str
    body: str
    question: str
    answer: str
    findings: str
    tried: str
    solution: str
    vendor: BoundaryReason | None = None
