"""The desk's own errors: each knows its HTTP status and a sentence for people."""

from __future__ import annotations


class HelpdeskError(Exception):
    """Base of all errors a person may see."""

    status = 500

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(HelpdeskError):
    """No such thing, or none this person may see: the two are never told apart."""

    status = 404


class Forbidden(HelpdeskError):
    """The person may see the thing but not do this with it."""

    status = 403


class Invalid(HelpdeskError):
    """Input that a form let through but the rules refuse; ``field`` names where it happened."""

    status = 422

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class Conflict(HelpdeskError):
    """The thing changed meanwhile; ``changes`` lists the later events for the reader."""

    status = 409

    def __init__(self, sentence: str, changes: tuple[object, ...] = ()) -> None:
        super().__init__(sentence)
        self.changes = changes


class TransportError(HelpdeskError):
    """A message could not leave. ``permanent`` says that trying again is useless."""

    status = 502

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.permanent = permanent
