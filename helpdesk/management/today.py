"""Today, put together: four figures, the strip, and four lists whose every row offers one act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.actor import Actor
from helpdesk.database import db
from helpdesk.management import acts, queries
from helpdesk.management.acts import Act, Crew
from helpdesk.management.days import Days
from helpdesk.management.queries import COUNT_TO, Counts
from helpdesk.sla.tally import Kept
from helpdesk.tickets.rows import Closings, Due, Person, due_of, person_named
from helpdesk.web import moments
from helpdesk.web.amounts import grouped
from helpdesk.web.labels import label
from workflows.vocabulary import HoldCause, Turn

ALL_SILENT = 50


@dataclass(frozen=True, slots=True)
class Figure:
    value: str
    text: str
    second: str
    url: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a block: what is due (``due``) or how long it lasts (``lead``), the ticket, the act."""

    number: int
    subject: str
    second: str
    assignee: Person | None
    lead_second: str
    act: Act | None
    due: Due | None = None
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    id: str
    title: str
    count: str
    rows: list[Line]
    empty: str
    more_url: str = ""
    more_text: str = ""
    foot: str = ""
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: one team or all, and whether every silent case is to be listed."""

    team_id: int | None
    all_silent: bool

    @property
    def of_team(self) -> bool:
        return self.team_id is not None

    @property
    def query(self) -> str:
        return f"&team={self.team_id}" if self.team_id is not None else ""

    @property
    def here(self) -> str:
        return f"/today?team={self.team_id}" if self.team_id is not None else "/today"


def said(count: int) -> str:
    """A bounded count as people read it."""
    return f"{grouped(COUNT_TO)}+" if count > COUNT_TO else str(count)


class Page:
    """Everything read for one look at Today, at one moment."""

    def __init__(self, asked: Asked, actor: Actor, now: datetime) -> None:
        self.asked, self.actor, self.now = asked, actor, now
        self.counts: Counts = queries.counts(now, asked.team_id)
        self.crew = Crew(queries.colleagues(), actor, asked.here)
        self._closings = Closings(now)
        self._unassigned = self._read(queries.unassigned_tickets(asked.of_team))

    def _read(self, statement: Any) -> Sequence[Any]:
        return db.session.execute(statement, queries.given(self.now, self.asked.team_id)).all()

    # figures ------------------------------------------------------------------------------------------

    def figures(self, kept: Mapping[datetime, Kept], days: Days) -> list[Figure]:
        return [self._kept_figure(kept, days), self._late_figure(), self._risk_figure(), self._oldest_figure()]

    def _kept_figure(self, kept: Mapping[datetime, Kept], days: Days) -> Figure:
        """Of the promises that fell due this week until now, those that were kept."""
        this = _sum(kept, days.this_week, days.now)
        last = _sum(kept, days.last_week, days.this_week)
        url = f"/breaches?reviewed=all&from={days.this_week_day.isoformat()}{self.asked.query}"
        if not this.decided:
            return Figure("–", _("promises met this week"), _("none fell due yet"), url)
        second = _("%(met)s of %(all)s", met=grouped(this.met), all=grouped(this.decided))
        if last.decided:
            second = _("%(these)s, last week %(share)s", these=second, share=_percent(last))
        return Figure(_percent(this), _("promises met this week"), second, url)

    def _late_figure(self) -> Figure:
        running, paused = self.counts.late_running, self.counts.late_paused
        second = _("%(running)s running, %(paused)s paused", running=said(running), paused=said(paused))
        late = min(running + paused, COUNT_TO + 1)
        url = f"/queue?view=late{self.asked.query}"
        return Figure(said(late), _("late now"), second, url, "late" if late else "plain")

    def _risk_figure(self) -> Figure:
        count, soonest = self.counts.at_risk, self.counts.next_at_risk_at
        is_cut = self.counts.ahead > COUNT_TO and count <= COUNT_TO
        second = _("next %(due)s", due=moments.due(soonest)) if soonest else _("nothing inside its warning")
        value = f"{count}+" if is_cut else said(count)
        is_near = soonest is not None and soonest < self.now + queries.NEAR
        url = "#near" if is_near else f"/queue?{self.asked.query.lstrip('&')}".rstrip("?")
        return Figure(value, _("at risk, inside the warning"), second, url, "warn" if count else "plain")

    def _oldest_figure(self) -> Figure:
        url = f"/queue?view=unassigned{self.asked.query}"
        if not self._unassigned:
            return Figure("–", _("oldest without an owner"), _("everything has an owner"), url)
        first = self._unassigned[0]
        waits = moments.duration(_seconds(self.now - first.created_at))
        return Figure(waits, _("oldest without an owner"), f"#{first.id}, {_customer(first)}", url)

    def escalation(self) -> tuple[str, str] | None:
        """What is said of tickets the ladder has marked, and where they are listed; None while there are none."""
        count = self.counts.escalation_due
        if not count:
            return None
        text = ngettext(
            "One ticket should be with Microsoft",
            "%(count)s tickets should be with Microsoft",
            count,
            count=said(count),
        )
        return text, f"/queue?view=escalation_due{self.asked.query}"

    # blocks -------------------------------------------------------------------------------------------

    def blocks(self) -> list[Block]:
        """The four lists; where the vendor waits for us, that too."""
        asking = [self._asking()] if self.counts.asking else []
        return [self._late(), self._near(), *asking, self._nobodys(), self._silent()]

    def _late(self) -> Block:
        rows = self._read(queries.late_tickets(self.asked.of_team))
        count = min(self.counts.late_running + self.counts.late_paused, COUNT_TO + 1)
        more = _more(count, len(rows), f"/queue?view=late{self.asked.query}")
        lines = [self._due_line(row, _what_happens(row)) for row in rows]
        return Block(
            "late",
            _("Late now"),
            said(count),
            lines,
            _empty("late"),
            *more,
        )

    def _near(self) -> Block:
        rows = self._read(queries.near_tickets(self.asked.of_team))
        more = _more(self.counts.near, len(rows), f"/queue?{self.asked.query.lstrip('&')}".rstrip("?"))
        lines = [self._due_line(row, f"{label(row.priority)}, {label(row.state)}") for row in rows]
        empty = _empty("near")
        return Block("near", _("Due in the next 4 hours"), said(self.counts.near), lines, empty, *more)

    def _due_line(self, row: Any, second: str) -> Line:
        due = due_of(row, self._closings, self.now)
        act = self.crew.assign(row) if row.assignee_id is None else self.crew.ask(row)
        return Line(row.id, row.subject, f"{_customer(row)} · {second}", _owner(row), due.clock, act, due)

    def _nobodys(self) -> Block:
        count = self.counts.unassigned
        more = _more(count, len(self._unassigned), f"/queue?view=unassigned{self.asked.query}")
        lines = [self._nobodys_line(row) for row in self._unassigned]
        return Block(
            "nobody",
            _("Nobody has it"),
            said(count),
            lines,
            _empty("nobody"),
            *more,
        )

    def _nobodys_line(self, row: Any) -> Line:
        act = self.crew.give(row)
        second = f"{_customer(row)} · {act.hint}" if act is not None and act.hint else _customer(row)
        lead = _("for %(time)s", time=moments.duration(_seconds(self.now - row.created_at)))
        return Line(row.id, row.subject, second, None, row.team_name, act, lead=lead)

    def _asking(self) -> Block:
        rows = self._read(queries.asking_cases(self.asked.of_team))
        more = _more(self.counts.asking, len(rows), f"/queue?view=vendor_asks{self.asked.query}")
        lines = [self._asking_line(row) for row in rows]
        return Block("asking", _("Microsoft waits for us"), said(self.counts.asking), lines, "", *more, is_wide=True)

    def _asking_line(self, row: Any) -> Line:
        waits = moments.duration(_seconds(self.now - row.last_word_at))
        act = self.crew.assign(row) if row.assignee_id is None else self.crew.ask(row)
        case = _("case %(number)s", number=row.case_number)
        second = f"{_customer(row)} · {case}"
        lead = _("for %(time)s", time=waits)
        return Line(row.id, row.subject, second, _owner(row), _channel(row), act, lead=lead)

    def _silent(self) -> Block:
        limit = ALL_SILENT if self.asked.all_silent else queries.ROWS
        rows = self._read(queries.silent_cases(self.asked.of_team, limit))
        more = _more(self.counts.silent, len(rows), f"/today?silent=all{self.asked.query}#silent")
        title, empty = _("With the vendor and silent"), _empty("silent")
        lines = [self._silent_line(row) for row in rows]
        return Block("silent", title, said(self.counts.silent), lines, empty, *(("", "") if len(rows) > 5 else more))

    def _silent_line(self, row: Any) -> Line:
        chased = (
            _("reminded %(moment)s", moment=moments.moment(row.chased_at)) if row.chased_at else _("never reminded")
        )
        lead = _("silent for %(time)s", time=moments.duration(_seconds(self.now - row.last_word_at)))
        return Line(
            row.id,
            row.subject,
            f"{_customer(row)} · {chased}",
            _owner(row),
            _channel(row),
            acts.chase(row, self.actor, self.asked.here),
            lead=lead,
        )


def _empty(block: str) -> str:
    """What goes into a block that has nothing now."""
    return {
        "late": _("Nothing is late. A ticket stands here from its first late second, the longest late on top."),
        "near": _("No deadline in the next 4 hours. What falls due soon stands here, the soonest on top."),
        "nobody": _("Everything has an owner. A new ticket stands here until somebody takes it."),
        "silent": _("No word of Microsoft’s is overdue. A case long without one stands here, with a reminder ready."),
    }[block]


def _sum(kept: Mapping[datetime, Kept], start: datetime, end: datetime) -> Kept:
    hours = [counted for hour, counted in kept.items() if start <= hour < end]
    return Kept(max(sum(one.met for one in hours), 0), sum(one.late for one in hours))


def _percent(kept: Kept) -> str:
    """Whole per cent, rounded down: 100 % means that none was missed."""
    return _("%(share)s %%", share=kept.met * 100 // kept.decided)


def _more(count: int, shown: int, url: str) -> tuple[str, str]:
    if count <= shown:
        return "", ""
    rest = f"{grouped(COUNT_TO - shown)}+" if count > COUNT_TO else str(count - shown)
    return url, _("%(count)s more", count=rest)


def _what_happens(row: Any) -> str:
    """Why a late ticket stands still, as far as a list can tell."""
    if row.hold_cause is HoldCause.CUSTOMER:
        return _("waiting for the customer")
    if row.hold_cause is not None:
        return label(row.hold_cause)
    if row.assignee_id is None:
        return _("nobody has it")
    if row.turn is Turn.OURS and row.last_message_at is not None and row.last_message_at >= row.updated_at:
        return _("customer wrote %(ago)s", ago=moments.ago(row.last_message_at))
    return _("last touched %(ago)s", ago=moments.ago(row.updated_at))


def _channel(row: Any) -> str:
    return _("%(channel)s, severity %(letter)s", channel=label(row.channel), letter=row.severity.name)


def _customer(row: Any) -> str:
    name: str = row.customer_name or row.claimed_company or row.contact_name
    return name


def _owner(row: Any) -> Person | None:
    return person_named(row.assignee_name, row.assignee_id) if row.assignee_name else None


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
