"""What was promised, frozen: terms are rows that never change, found by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpdesk.database import db, is_sqlite
from helpdesk.sla import queries
from helpdesk.sla.models import CalendarVersion, SlaPolicy, SlaTerms
from workflows import ladder, sla
from workflows.business_time import BusinessCalendar
from workflows.sla_terms import DEFAULT_PAUSE_ON
from workflows.vocabulary import ClockKind, Priority

TERMS_KEPT = 2048  # per application; a few for each policy and priority, and those that history still needs
_KEPT = "helpdesk.sla.terms"
_NEW = "new_terms"

NOTHING = sla.Policy.of({}, {})
"""In force where nothing is promised."""


@dataclass(frozen=True, slots=True, eq=False)
class FrozenTerms:
    """Terms ready for ``workflows.sla``. Immutable and shared between threads: never change what it holds.

    ``policy``: {"targets": {clock: business seconds}, "pause_on": {clock: [cause]}, "levels": {clock:
    [level]}}. ``calendars``: one per clock that has a target. ``whole``: both, read once, for many calls.
    ``rungs``: what each level does, by clock and number.
    """

    id: int
    content: Mapping[str, Any]
    policy: Mapping[str, Any]
    calendars: Mapping[ClockKind, BusinessCalendar]
    whole: sla.Policy
    rungs: Mapping[tuple[ClockKind, int], ladder.Rung]

    @property
    def policy_name(self) -> str:
        name: str = self.content["policy_name"]
        return name

    def rung(self, clock: ClockKind, level: int) -> ladder.Rung:
        """What a level of ``clock`` does, 0 being the breach; a level that is no longer promised only tells."""
        return self.rungs.get((clock, level)) or ladder.Rung(level)


def freeze(policy: SlaPolicy, priority: Priority, now: datetime, book: queries.Promises | None = None) -> FrozenTerms:
    """The terms that ``policy`` gives a ticket of ``priority`` today; written once, found again ever after.

    ``now`` (aware UTC) is kept as the moment of the first such promise; ``book`` is that of this transaction
    when the caller has read it. Call it inside a unit of work.
    Safe when several processes freeze the same terms at once.
    """
    book = book or queries.promises()
    key = (policy.id, priority)
    if (known := book.terms_ids.get(key)) is not None:
        return load_terms(known)
    content = content_of(policy, priority, book.version_ids)
    terms_id = _find_or_write(content, now)
    if book.stamp is not None and terms_id not in _written_here() and policy in book.policies:
        book.terms_ids[key] = terms_id
    return load_terms(terms_id)


def freeze_vendor(name: str, clocks: Mapping[ClockKind, tuple[int, int]], now: datetime) -> FrozenTerms | None:
    """The terms by which a vendor's case is timed; None where ``clocks`` is empty, and nothing is to be timed.

    ``name`` is what people read instead of a policy's ("Premier Support for Partners, critical"). ``clocks``:
    {clock: (open seconds, calendar id)}, as ``escalations.queries.vendor_terms`` gives. Written once, found again
    ever after. Call it inside a unit of work.
    """
    if not clocks:
        return None
    version_ids = queries.promises().version_ids
    content: dict[str, Any] = {
        "policy_id": None,
        "policy_name": name,
        "priority": None,
        "targets": {str(clock): seconds for clock, (seconds, _calendar_id) in clocks.items()},
        "pause_on": {str(clock): [] for clock in clocks},
        "levels": {str(clock): [] for clock in clocks},
        "calendars": {str(clock): version_ids[calendar_id] for clock, (_seconds, calendar_id) in clocks.items()},
    }
    return load_terms(_find_or_write(content, now))


def preview(policy: SlaPolicy, priority: Priority, book: queries.Promises | None = None) -> FrozenTerms:
    """What ``freeze`` would give today, or under ``book``, written nowhere: for showing what isn't promised yet."""
    book = book or queries.promises()
    return _ready(0, content_of(policy, priority, book.version_ids), book.drafted)


def promise_the_same(one: FrozenTerms, other: FrozenTerms) -> bool:
    """Whether two terms promise the same of the same policy, however it was called and its levels spelled then."""
    parts = ("policy_id", "targets", "pause_on", "calendars")
    return one.rungs == other.rungs and all(one.content[part] == other.content[part] for part in parts)


def content_of(policy: SlaPolicy, priority: Priority, version_ids: Mapping[int, int]) -> dict[str, Any]:
    """What SlaTerms keeps, spelled out so that a later default can't change an old promise's meaning."""
    targets = {target.clock: target for target in policy.targets if target.priority == priority}
    return {
        "policy_id": policy.id,
        "policy_name": policy.name,
        "priority": str(priority),
        "targets": {str(clock): target.seconds for clock, target in targets.items()},
        "pause_on": {str(clock): _pauses(policy, clock) for clock in targets},
        "levels": {str(clock): policy.levels.get(clock, []) for clock in targets},
        "calendars": {str(clock): version_ids[target.calendar_id] for clock, target in targets.items()},
    }


def _pauses(policy: SlaPolicy, clock: ClockKind) -> list[str]:
    return sorted(str(cause) for cause in policy.pause_on.get(clock, DEFAULT_PAUSE_ON.get(clock, ())))


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON: sorted keys, no spaces, text as UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _find_or_write(content: dict[str, Any], now: datetime) -> int:
    digest = digest_of(content)
    by_digest = sa.select(SlaTerms.id).where(SlaTerms.digest == digest)
    found = db.session.scalar(by_digest)
    if found is not None:
        return found
    insert = (sqlite.insert if is_sqlite() else postgresql.insert)(SlaTerms)
    # somebody else's insert of the same digest is waited for and then left to win
    row = insert.values(digest=digest, content=content, created_at=now).on_conflict_do_nothing()
    written = db.session.scalar(row.returning(SlaTerms.id))
    if written is None:
        return db.session.scalars(by_digest).one()
    terms_id = int(written)
    _written_here().add(terms_id)
    return terms_id


def load_terms(terms_id: int) -> FrozenTerms:
    """Frozen terms by id, kept in memory: they never change. Raises NoResultFound for a stranger."""
    kept: dict[int, FrozenTerms] = current_app.extensions.setdefault(_KEPT, {})
    if (known := kept.get(terms_id)) is not None:
        return known
    terms = _read(terms_id)
    if terms_id not in _written_here():
        if len(kept) >= TERMS_KEPT:
            kept.clear()
        kept[terms_id] = terms
    return terms


def _read(terms_id: int) -> FrozenTerms:
    return _ready(terms_id, db.session.scalars(sa.select(SlaTerms.content).where(SlaTerms.id == terms_id)).one())


def _ready(
    terms_id: int, content: Mapping[str, Any], drafted: Mapping[int, dict[str, Any]] | None = None
) -> FrozenTerms:
    version_ids = {ClockKind(clock): version_id for clock, version_id in content["calendars"].items()}
    wanted = CalendarVersion.id.in_(set(version_ids.values()))
    rows = db.session.execute(sa.select(CalendarVersion.id, CalendarVersion.definition).where(wanted))
    definitions = (*rows, *(drafted or {}).items())
    by_version = {version_id: BusinessCalendar.of(definition) for version_id, definition in definitions}
    calendars: Mapping[Any, BusinessCalendar] = {
        clock: by_version[version_id] for clock, version_id in version_ids.items()
    }
    policy = {part: content[part] for part in ("targets", "pause_on", "levels")}
    return FrozenTerms(terms_id, content, policy, calendars, sla.Policy.of(policy, calendars), _rungs(policy["levels"]))


def _rungs(levels: Mapping[str, Any]) -> dict[tuple[ClockKind, int], ladder.Rung]:
    return {(ClockKind(clock), rung.level): rung for clock, listed in levels.items() for rung in ladder.rungs(listed)}


# A row written in this transaction may still be rolled back, and SQLite would give its id to another:
# nothing outside the session may remember it before the commit.


def _written_here() -> set[int]:
    written: set[int] = db.session().info.setdefault(_NEW, set())
    return written


@sa.event.listens_for(Session, "after_commit")
@sa.event.listens_for(Session, "after_rollback")
def _forget_written(session: Session) -> None:
    session.info.pop(_NEW, None)
