"""The levels of a clock in a form: a row for each, one for the breach itself, and an empty one to add to.

A browser sends ``<name>-<row>-<part>`` for every part of a row. A row without a number is no level: that is how
one is added and taken away, with a script or without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form
from wtforms.utils import unset_value

from workflows import ladder
from workflows.ladder import BREACH, Rung
from workflows.vocabulary import LadderAct, LadderRole

MOST_ROWS = 20
LONGEST_MINUTES = 60 * 24 * 60


class Measure(StrEnum):
    """How the moment of a level is said: the names of a rung's measures."""

    PERCENT = "percent"
    BEFORE = "minutes_before"
    AFTER = "minutes_after"


MEASURES = {
    Measure.PERCENT: _l("per cent of the target"),
    Measure.BEFORE: _l("open minutes before"),
    Measure.AFTER: _l("open minutes after"),
}


@dataclass
class LevelRow:
    """One row as it was typed. ``level`` is its number in the policy, None for one that is new."""

    level: int | None = None
    amount: str = ""
    measure: str = Measure.PERCENT
    to: set[str] = field(default_factory=lambda: set(ladder.TO_WARN))
    is_urgent: bool = False
    act: str = ""
    error: str = ""

    @property
    def is_breach(self) -> bool:
        return self.level == BREACH

    @property
    def is_empty(self) -> bool:
        return not self.is_breach and not self.amount

    @property
    def seconds_before(self) -> int:
        """How long before the deadline it comes, 0 where its moment is said in another way or makes no sense."""
        is_said = self.measure == Measure.BEFORE and _is_amount(self.amount, LONGEST_MINUTES)
        return int(self.amount) * 60 if is_said and not self.is_breach else 0

    @classmethod
    def of(cls, rung: Rung) -> LevelRow:
        measure = next((each for each in Measure if getattr(rung, each) is not None), Measure.PERCENT)
        amount = getattr(rung, measure)
        return cls(rung.level, str(amount or ""), measure, set(rung.to), rung.is_urgent, rung.act or "")


class LevelsField(Field):
    """``data`` are the levels as a policy keeps them; ``rows`` what the page shows, one spare row at the end."""

    def __init__(self, label: Any, **more: Any) -> None:
        super().__init__(label, **more)  # type: ignore[no-untyped-call]
        self.rows: list[LevelRow] = []

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:  # noqa: ARG002
        """Read the rows of a sent form, or show those of ``data``."""
        self.process_errors = ()
        self.object_data = self.data = [] if data is unset_value else data
        if formdata and f"{self.name}-0-level" in formdata:
            self.rows = list(self._sent(formdata))
        else:
            self.rows = [LevelRow.of(rung) for rung in ladder.rungs(self.data)]
        if not self.rows[-1].is_empty:
            self.rows.append(LevelRow())

    def _sent(self, sent: Any) -> Iterable[LevelRow]:
        for place in range(MOST_ROWS):
            part = f"{self.name}-{place}-"
            if f"{part}level" not in sent:
                return
            number = sent[f"{part}level"]
            yield LevelRow(
                int(number) if number.isdecimal() and len(number) < 6 else None,
                sent.get(f"{part}amount", "").strip(),
                sent.get(f"{part}measure", Measure.PERCENT),
                set(sent.getlist(f"{part}to")),
                f"{part}urgent" in sent,
                sent.get(f"{part}act", ""),
            )

    def add_row(self) -> None:
        """One more spare row."""
        self.rows.append(LevelRow())

    def validate(self, form: Form, extra_validators: Any = ()) -> bool:  # noqa: ARG002 - the signature is WTForms'
        """Read the rows into ``data``; an error stands at its row and says which that is."""
        self.errors = ()
        number = max((row.level or BREACH for row in self.rows), default=BREACH)
        levels: list[dict[str, Any]] = []
        taken: set[tuple[str, str]] = set()
        for place, row in enumerate(self.rows, start=1):
            row.error = "" if row.is_empty else _error_of(row, taken)
            if row.error:
                self._tell(place, row.error)
            elif not row.is_empty:
                taken.add((row.measure, row.amount))
                number += row.level is None
                levels.append(_rung(row, number if row.level is None else row.level).stored())
        self.data = levels
        return not self.errors

    def refuse(self, row: LevelRow, error: str) -> None:
        """Refuse a row for what only the whole form knows."""
        row.error = error
        self._tell(self.rows.index(row) + 1, error)

    def _tell(self, place: int, error: str) -> None:
        self.errors = (*self.errors, _("Level %(place)s: %(error)s", place=place, error=error))


def _error_of(row: LevelRow, taken: set[tuple[str, str]]) -> str:
    if not row.to <= set(LadderRole) or row.act not in {"", *LadderAct} or row.measure not in set(Measure):
        return _("Choose one of the list.")
    if row.is_breach:
        return ""
    most = 100 if row.measure == Measure.PERCENT else LONGEST_MINUTES
    if not _is_amount(row.amount, most):
        return _("Write a whole number from 1 to %(most)s.", most=most)
    if (row.measure, row.amount) in taken:
        return _("Two levels come at the same moment: put them in one.")
    return "" if row.to or row.act else _("Choose whom it tells, or what it does.")


def _is_amount(text: str, most: int) -> bool:
    return text.isdecimal() and len(text) < 9 and 0 < int(text) <= most


def _rung(row: LevelRow, number: int) -> Rung:
    measure: Mapping[str, int] = {} if row.is_breach else {row.measure: int(row.amount)}
    to = frozenset(map(LadderRole, row.to))
    return Rung(number, to=to, is_urgent=row.is_urgent, act=LadderAct(row.act) if row.act else None, **measure)
