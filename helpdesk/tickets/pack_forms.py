"""The forms of the escalation pack's page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.tickets.packs import WRITTEN
from helpdesk.web.forms import Form, line, paragraph
from helpdesk.web.language import select_timezone
from workflows.vocabulary import PackItem

_LONGEST = 10_000


class PackForm(Form):
    """What people write; each field is named by its item. Fields that nobody asks for are left out."""

    business_impact = paragraph(
        _l("Business impact"),
        _l("What stands still, for how many, what it costs. The severity follows from it."),
        longest=_LONGEST,
    )
    first_seen = StringField(
        _l("First seen"),
        description=_l("In your time zone; it goes out in UTC."),
        render_kw={"type": "datetime-local"},
    )
    scope = paragraph(
        _l("Scope"), _l("Which users, sites, regions and resources. Empty: as the customer said."), longest=_LONGEST
    )
    repro_steps = paragraph(
        _l("Steps to reproduce"), _l("So that a stranger sees it too; or that it can’t be forced."), longest=_LONGEST
    )
    error_text = paragraph(
        _l("Error text"), _l("Word by word, with its code. Empty: as the customer copied it."), longest=_LONGEST
    )
    correlation_ids = paragraph(
        _l("Correlation ids"),
        _l(
            "One a line, each with its moment, or why there is none. A moment with its offset, such as "
            "2026-11-24 14:02+01:00, goes out in UTC."
        ),
        longest=_LONGEST,
    )
    diagnostics_consent = line(
        _l("Consent to collect diagnostics"), _l("Who gave it, and when; or that it was refused."), longest=300
    )
    title = line(_l("Title in English"), _l("Empty: the ticket’s subject goes out."), longest=200)
    description = paragraph(
        _l("Description in English"), _l("Empty: the findings of the diagnosis go out."), longest=_LONGEST
    )
    tried = paragraph(
        _l("What was tried, in English"), _l("Empty: what the diagnosis says goes out."), longest=_LONGEST
    )

    def keep(self, items: Collection[PackItem]) -> None:
        """Leave out what no channel asks for."""
        for item in WRITTEN:
            if item not in items:
                del self[item.value]  # type: ignore[no-untyped-call]

    def answers(self) -> dict[PackItem, str]:
        """What was typed into the fields that were shown. Raises Invalid naming the field ``first_seen``."""
        given = {item: str(self[item.value].data or "") for item in WRITTEN if self[item.value].raw_data}
        if PackItem.FIRST_SEEN in given:
            given[PackItem.FIRST_SEEN] = _utc(given[PackItem.FIRST_SEEN])
        return given


class PassForm(Form):
    """A lead lets an incomplete pack go."""

    override_reason = line(_l("Why it goes as it is"), _l("It is kept, and serves one escalation."), longest=300)


def shown_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """The answers as the form shows them: the moment in the reader's own zone."""
    shown = dict(answers)
    if moment := _read(shown.get(PackItem.FIRST_SEEN.value, "")):
        local = moment.astimezone(ZoneInfo(select_timezone()))
        shown[PackItem.FIRST_SEEN.value] = local.strftime("%Y-%m-%dT%H:%M")
    return shown


def _utc(typed: str) -> str:
    if not typed.strip():
        return ""
    moment = _read(typed.strip())
    if moment is None:
        raise Invalid(_("Write a date and a time."), PackItem.FIRST_SEEN.value)
    if moment > now():
        raise Invalid(_("That moment is still to come."), PackItem.FIRST_SEEN.value)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(text: str) -> datetime | None:
    """A moment as a browser writes it, in the reader's own zone unless it says another; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(select_timezone()))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
