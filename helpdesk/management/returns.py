"""The report of returns: how often tickets came back from a channel, counted by channel and by topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _

from helpdesk.management.stay_filters import NO_TOPIC, Ending, StayFilter
from helpdesk.management.stays import MOST, Tally
from helpdesk.web import moments
from helpdesk.web.amounts import grouped
from helpdesk.web.labels import label
from workflows.vocabulary import CHANNEL_OF_STATE, ChannelKind, ReturnReason


class Cell(NamedTuple):
    """A count and the list of the tickets behind it; a count of nothing leads nowhere."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A channel, a topic, or all of them. Both shares are of the stays that have ended, in whole per cent.

    ``unanswered``: those that came back without an answer or went on to another tier. ``why``: what came back by
    reason, and other tiers; ``rest``: everything else; both in the order of their headings.
    """

    name: str
    all: Cell
    back: Cell
    share: str
    why: list[Cell]
    unanswered: str
    rest: list[Cell]


class Report(NamedTuple):
    """``is_cut``: there were more stays in the period than are counted."""

    channels: list[Line]
    total: Line
    topics: list[Line]
    is_cut: bool


def report_of(asked: StayFilter, tallies: Iterable[Tally]) -> Report:
    """Put the tallies of a period together; each count leads to its list under the same period."""
    found = list(tallies)
    asked = asked.but(channel=None, topic=None, ending=None, reason=None)
    channels = {channel: [one for one in found if one.channel is channel] for channel in ChannelKind}
    topics = {one.topic_id: one.topic or _("no topic") for one in found}
    by_topic = {topic_id: [one for one in found if one.topic_id == topic_id] for topic_id in topics}
    ordered = sorted(by_topic, key=lambda topic_id: (-_unanswered(by_topic[topic_id]), topics[topic_id]))
    return Report(
        [_line(label(one), asked.but(channel=one), of_one) for one, of_one in channels.items() if of_one],
        _line(_("All channels"), asked, found),
        [_line(topics[one], asked.but(topic=one), by_topic[one]) for one in ordered],
        sum(one.stays for one in found) >= MOST,
    )


def why_headings() -> list[str]:
    return [*(label(reason) for reason in ReturnReason), ending_text(Ending.OTHER_TIER)]


def rest_headings() -> list[str]:
    return [ending_text(ending) for ending in _REST]


_REST = (Ending.SOLVED, Ending.ENDED, Ending.THERE)


def ending_text(ending: Ending) -> str:
    return {
        Ending.BACK: _("Came back"),
        Ending.OTHER_TIER: _("Went to another tier"),
        Ending.SOLVED: _("Solved there"),
        Ending.ENDED: _("Withdrawn or merged"),
        Ending.THERE: _("Still there"),
    }[ending]


def _line(name: str, asked: StayFilter, tallies: list[Tally]) -> Line:
    whole, back = sum(one.stays for one in tallies), _count(tallies, Ending.BACK)
    ended, tiers = whole - _count(tallies, Ending.THERE), _count(tallies, Ending.OTHER_TIER)
    return Line(
        name,
        _cell(whole, asked),
        _cell(back, asked.but(ending=Ending.BACK)),
        _share(back, ended),
        [
            *(_cell(_why(tallies, one), asked.but(ending=Ending.BACK, reason=one)) for one in ReturnReason),
            _cell(tiers, asked.but(ending=Ending.OTHER_TIER)),
        ],
        _share(_unanswered(tallies), ended),
        [_cell(_count(tallies, ending), asked.but(ending=ending)) for ending in _REST],
    )


def _share(part: int, whole: int) -> str:
    return _("%(share)s %%", share=part * 100 // whole) if whole else "–"


def _unanswered(tallies: Iterable[Tally]) -> int:
    """What the vendor gave back without an answer, or one tier could not do."""
    is_so = (Ending.BACK, Ending.OTHER_TIER)
    return sum(one.stays for one in tallies if one.ending in is_so and one.reason is not ReturnReason.VENDOR_ANSWERED)


def _why(tallies: Iterable[Tally], reason: ReturnReason) -> int:
    return sum(one.stays for one in tallies if one.reason is reason)


def _count(tallies: Iterable[Tally], ending: Ending) -> int:
    return sum(one.stays for one in tallies if one.ending is ending)


def _cell(count: int, asked: StayFilter) -> Cell:
    return Cell(grouped(count), asked.url()) if count else Cell("0")


# the list behind a count ------------------------------------------------------------------------------


class Stay(NamedTuple):
    """A row of the list: one ticket's time on one channel, and how it ended."""

    number: int
    subject: str
    customer: str
    channel: str
    went_at: Any
    left_at: Any
    time: str
    ending: str
    second: str


def stay_of(row: Any, now: Any) -> Stay:
    """What ``stays.page_statement`` found, made ready to be read at ``now`` (aware UTC)."""
    ending = Ending(row.ending)
    second = ""
    if row.reason is not None:
        second = label(ReturnReason(row.reason))
    elif ending is Ending.OTHER_TIER:
        second = label(CHANNEL_OF_STATE[row.next_state])
    seconds = int(((row.left_at or now) - row.went_at).total_seconds())
    return Stay(
        row.number,
        row.subject,
        row.customer_name or row.claimed_company or row.contact_name,
        label(CHANNEL_OF_STATE[row.to_state]),
        row.went_at,
        row.left_at,
        moments.duration(seconds),
        ending_text(ending),
        second,
    )


def narrowed(asked: StayFilter, topics: Mapping[int, str]) -> list[dict[str, str]]:
    """The filters of the list that are set, each with the address without it; ``topics``: names by id."""
    words = {
        "channel": label(asked.channel) if asked.channel else "",
        "topic": topics.get(asked.topic, _("unknown")) if asked.topic is not None else "",
        "ending": ending_text(asked.ending) if asked.ending else "",
        "reason": label(asked.reason) if asked.reason else "",
    }
    return [{"text": text, "remove_url": asked.but(**{name: None}).url()} for name, text in words.items() if text]


def topic_names(rows: Iterable[tuple[int, str]]) -> dict[int, str]:
    return {NO_TOPIC: _("no topic"), **dict(rows)}


def days_text(asked: StayFilter, today: date) -> str:
    """The period in words."""
    first, last = asked.days(today)
    return f"{moments.calendar_date(first)} – {moments.calendar_date(last)}"
