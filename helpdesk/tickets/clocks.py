"""Every clock of a ticket with all its cycles: what was promised, how much has run, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _

from helpdesk.clock import NEVER
from helpdesk.sla.strands import OWN
from helpdesk.tickets.explaining import reason_text
from helpdesk.tickets.promises import UNMET, Course, Ids, due_of_cycle, explain_url
from helpdesk.tickets.rows import Due
from helpdesk.web import moments
from helpdesk.web.labels import label
from workflows import sla
from workflows.vocabulary import ClockChange, ClockState


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One cycle of one clock. ``due`` says how it stands; moments are aware UTC, None where there is none."""

    name: str
    state_text: str
    due: Due
    target: str
    elapsed: str
    left: str
    deadline: datetime | None
    started_at: datetime
    ended_at: datetime | None
    notes: list[str]
    url: str | None


class Group(NamedTuple):
    """The clocks of one maker of promises: the desk, or the vendor on one case."""

    id: str
    title: str
    second: str
    lines: list[ClockLine]


def groups_of(course: Course, number: int, ids: Ids, case_titles: Mapping[int, str]) -> list[Group]:
    """Our own promises, then the vendor's case by case; ``case_titles`` name the cases by id."""
    own = Group("own", _("Our promises"), course.terms.policy_name, _lines(course.cycles, course.at, number, ids, OWN))
    vendors = [
        Group(
            f"case-{case_id}",
            _("The vendor’s promises: %(case)s", case=case_titles.get(case_id, f"{case_id}")),
            case.terms.policy_name,
            _lines(case.cycles, course.at, number, ids, case_id),
        )
        for case_id, case in sorted(course.cases.items())
        if case.cycles
    ]
    return [own, *vendors]


def _lines(cycles: Iterable[sla.Cycle], at: datetime, number: int, ids: Ids, case_id: int) -> list[ClockLine]:
    ordered = sorted(cycles, key=_place)
    repeated = {cycle.kind for cycle in ordered if cycle.number > 1}
    return [_line(cycle, at, explain_url(number, cycle, ids, case_id), cycle.kind in repeated) for cycle in ordered]


def _place(cycle: sla.Cycle) -> tuple[bool, float, str]:
    """Those still to be kept first, by deadline; then the ended ones, the latest first."""
    if cycle.state in UNMET:
        return False, (cycle.deadline or NEVER).timestamp(), cycle.kind
    return True, -(cycle.ended_at or cycle.started_at).timestamp(), cycle.kind


def _line(cycle: sla.Cycle, at: datetime, url: str | None, is_repeated: bool) -> ClockLine:
    name = label(cycle.kind)
    left = cycle.remaining_seconds
    return ClockLine(
        name=_("%(clock)s, time %(number)s", clock=name, number=cycle.number) if is_repeated else name,
        state_text=label(cycle.state),
        due=due_of_cycle(cycle, at) if cycle.state in UNMET else _ended(cycle),
        target=moments.open_time(cycle.target_seconds) if cycle.target_seconds is not None else "–",
        elapsed=moments.open_time(cycle.elapsed_seconds) if cycle.elapsed_seconds is not None else "–",
        left="–" if left is None else moments.open_time(left) if left >= 0 else moments.late(-left),
        deadline=cycle.deadline,
        started_at=cycle.started_at,
        ended_at=cycle.ended_at,
        notes=_notes(cycle),
        url=url,
    )


def _ended(cycle: sla.Cycle) -> Due:
    tone = "late" if cycle.breached else "met" if cycle.state is ClockState.MET else "plain"
    met_late = cycle.breached and cycle.state is ClockState.MET
    return Due(_("met late") if met_late else label(cycle.state), tone, label(cycle.kind))


def _notes(cycle: sla.Cycle) -> list[str]:
    """What a glance at the figures doesn't tell: pauses, warnings, a breach that later terms made good."""
    notes = []
    if cycle.paused_by is not None:
        notes.append(_("paused: %(cause)s", cause=reason_text(cycle.paused_by)))
    for change in cycle.changes:
        when = moments.moment(change.at)
        if change.what is ClockChange.WARNED:
            notes.append(_("warned %(moment)s", moment=when))
        elif change.what is ClockChange.BREACHED and change.is_on_retarget:
            notes.append(_("breached by other terms %(moment)s", moment=when))
        elif change.what is ClockChange.BREACHED:
            notes.append(_("breached %(moment)s", moment=when))
        elif change.what is ClockChange.LADDERED:
            notes.append(_("next level %(moment)s", moment=when))
        elif change.what is ClockChange.RETARGETED:
            notes.append(_("other terms %(moment)s", moment=when))
    return notes
