"""Laws of business time on calendars drawn at random, and a slow second opinion minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from workflows.business_line import CHUNK, CHUNKS_KEPT
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import SpanReason

MINUTE = 60
DAY = 24 * 60  # minutes
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "UTC",
    "Europe/Budapest",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
)
# around clock changes, a leap day, a year's end, a skipped date, and a seam between two chunks
SEAM = datetime.fromtimestamp(13 * CHUNK, UTC).replace(hour=0, minute=0, second=0)
NIGHTS = (
    datetime(2024, 3, 30, tzinfo=UTC),
    datetime(2024, 10, 26, tzinfo=UTC),
    datetime(2018, 11, 3, tzinfo=UTC),
    datetime(2018, 2, 17, tzinfo=UTC),
    datetime(2024, 2, 28, tzinfo=UTC),
    datetime(2023, 12, 31, tzinfo=UTC),
    datetime(2011, 12, 29, tzinfo=UTC),
    SEAM,
)

Interval = tuple[str, str]
minutes_of_day = st.integers(0, DAY - 1)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def intervals(draw: st.DrawFn) -> list[Interval]:
    """Up to two intervals of one date, apart; a night only on its own."""
    if draw(st.integers(0, 5)) == 0:
        return [("22:00", "06:00")]
    # from six to ten in the evening, so that no night of the day before lies over them
    cuts = sorted(draw(st.sets(st.integers(6 * 60, 22 * 60), max_size=4)))
    return [(clock(a), clock(b)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]


@st.composite
def mappings(draw: st.DrawFn, night: datetime) -> dict[str, Any]:
    nearby = st.integers(-2, 6).map(lambda days: (night.date() + timedelta(days=days)).isoformat())
    breaks = st.fixed_dictionaries({"date": nearby, "from": minutes_of_day.map(clock), "to": minutes_of_day.map(clock)})
    week = draw(st.fixed_dictionaries({day: intervals() for day in DAYS}))
    if not any(week.values()) or draw(st.integers(0, 7)) == 0:
        week = {day: [("00:00", "24:00")] for day in DAYS}
    return {
        "timezone": draw(st.sampled_from(ZONES)),
        "week": week,
        "holidays": draw(st.lists(nearby, max_size=2)),
        "breaks": draw(st.lists(breaks, max_size=2)),
        "shifts": draw(st.dictionaries(nearby, intervals(), max_size=2)),
    }


@st.composite
def questions(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    """A calendar's mapping and a moment of a night that matters to it."""
    night = draw(st.sampled_from(NIGHTS))
    return draw(mappings(night)), night + timedelta(minutes=draw(st.integers(0, 3 * DAY)))


lengths = st.integers(0, 5 * DAY * MINUTE)  # seconds
pause_lists = st.lists(
    st.tuples(
        st.integers(-DAY, 4 * DAY),
        st.integers(0, 2 * DAY),
        st.sampled_from(["customer", "vendor", "approval"]),
    ),
    max_size=4,
)


def pauses_from(start: datetime, drawn: list[tuple[int, int, str]]) -> list[tuple[datetime, datetime, str]]:
    return [
        (start + timedelta(minutes=after), start + timedelta(minutes=after + length), cause)
        for after, length, cause in drawn
    ]


# a second opinion ------------------------------------------------------------------------------


def instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Return the epoch minute of a wall time (24:00 is the next midnight), as RFC 5545 reads it."""
    midnight = datetime.combine(day, datetime.min.time())
    return int((midnight + timedelta(minutes=minute)).replace(tzinfo=zone).timestamp()) // MINUTE


def whole(day: date, zone: ZoneInfo) -> set[int]:
    """Return the epoch minutes of a local date; none if the zone left it out."""
    return set(range(instant(day, 0, zone), instant(day, DAY, zone)))


def marks(intervals: Any, day: date, zone: ZoneInfo) -> tuple[set[int], set[int]]:
    """Return the epoch minutes of intervals on their own date and on the next."""
    own: set[int] = set()
    tail: set[int] = set()
    following = day + timedelta(days=1)
    for opening, closing in intervals:
        first, last = ((int(text[:2]) * 60 + int(text[3:])) for text in (opening, closing))
        until = last if last > first else DAY
        own |= set(range(instant(day, first, zone), instant(day, until, zone)))
        if last <= first:
            tail |= set(range(instant(following, 0, zone), instant(following, last, zone)))
    return own & whole(day, zone), tail & whole(following, zone)


def minute_by_minute(mapping: dict[str, Any], around: date) -> dict[int, SpanReason]:
    """Mark every minute of two weeks by the words of the rules, with sets and no arithmetic."""
    zone = ZoneInfo(mapping["timezone"])
    result: dict[int, SpanReason] = {}
    for number in range(-4, 12):
        day = around + timedelta(days=number)
        eve = day - timedelta(days=1)
        text, before = day.isoformat(), eve.isoformat()
        weekly = marks(mapping["week"][DAYS[day.weekday()]], day, zone)[0]
        weekly |= marks(mapping["week"][DAYS[eve.weekday()]], eve, zone)[1]
        hours = marks(mapping["shifts"][text], day, zone)[0] if text in mapping["shifts"] else weekly
        hours |= marks(mapping["shifts"].get(before, []), eve, zone)[1]
        stops: set[int] = set()
        for each in mapping["breaks"]:
            own, tail = marks([(each["from"], each["to"])], date.fromisoformat(each["date"]), zone)
            stops |= own | tail
        for minute in whole(day, zone):
            if text in mapping["holidays"]:
                result[minute] = SpanReason.HOLIDAY
            elif minute not in hours:
                result[minute] = SpanReason.CLOSED
            else:
                result[minute] = SpanReason.BREAK if minute in stops else SpanReason.OPEN
    return result


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(1, 5 * DAY))
def test_explains_as_the_rules_say_minute_by_minute(question: tuple[dict[str, Any], datetime], length: int) -> None:
    mapping, start = question
    expected = minute_by_minute(mapping, start.date())
    end = start + timedelta(minutes=length)
    calendar = BusinessCalendar.from_mapping(mapping)
    told: dict[int, str] = {}
    for span in calendar.explain(start, end):
        first, last = (int(moment.timestamp()) // MINUTE for moment in span[:2])
        told.update(dict.fromkeys(range(first, last), span.reason))
    begin = int(start.timestamp()) // MINUTE
    wanted = {minute: str(expected[minute]) for minute in range(begin, begin + length)}
    assert told == wanted
    opened = sum(reason == SpanReason.OPEN for reason in wanted.values())
    assert calendar.between(start, end) == opened * MINUTE


# laws ------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(0, 12 * 60 * MINUTE), pause_lists)
def test_what_is_added_lies_between(
    question: tuple[dict[str, Any], datetime], seconds: int, drawn: list[tuple[int, int, str]]
) -> None:
    mapping, start = question
    calendar, pauses = BusinessCalendar.from_mapping(mapping), pauses_from(start, drawn)
    end = calendar.add(start, seconds, pauses).astimezone(UTC)
    assert calendar.between(start, end, pauses) == seconds
    if seconds:  # the earliest such moment: a second before, it was not yet so
        assert calendar.between(start, end - timedelta(seconds=1), pauses) == seconds - 1


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(0, 12 * 60 * MINUTE), pause_lists)
def test_what_is_subtracted_lies_between(
    question: tuple[dict[str, Any], datetime], seconds: int, drawn: list[tuple[int, int, str]]
) -> None:
    mapping, end = question
    calendar, pauses = BusinessCalendar.from_mapping(mapping), pauses_from(end, drawn)
    start = calendar.subtract(end, seconds, pauses).astimezone(UTC)
    assert calendar.between(start, end, pauses) == seconds
    if seconds:  # the latest such moment: a second after, it is no longer so
        assert calendar.between(start + timedelta(seconds=1), end, pauses) == seconds - 1


@settings(max_examples=100, deadline=None)
@given(questions(), lengths, lengths, pause_lists)
def test_between_adds_up(
    question: tuple[dict[str, Any], datetime], one: int, two: int, drawn: list[tuple[int, int, str]]
) -> None:
    mapping, start = question
    calendar, pauses = BusinessCalendar.from_mapping(mapping), pauses_from(start, drawn)
    middle, end = start + timedelta(seconds=one), start + timedelta(seconds=one + two)
    parts = calendar.between(start, middle, pauses) + calendar.between(middle, end, pauses)
    assert calendar.between(start, end, pauses) == parts


@settings(max_examples=100, deadline=None)
@given(questions(), st.integers(0, 6 * 3600), st.integers(0, 6 * 3600))
def test_additions_add_up(question: tuple[dict[str, Any], datetime], one: int, two: int) -> None:
    mapping, start = question
    calendar = BusinessCalendar.from_mapping(mapping)
    at_once = calendar.add(start, one + two)
    # in two steps the first may stop at a closing, which changes nothing for the second
    assert calendar.add(calendar.add(start, one), two).timestamp() == at_once.timestamp() or two == 0


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(1, 5 * DAY * MINUTE), pause_lists)
def test_explanation_covers_the_time_and_sums_to_it(
    question: tuple[dict[str, Any], datetime], length: int, drawn: list[tuple[int, int, str]]
) -> None:
    mapping, start = question
    calendar, pauses = BusinessCalendar.from_mapping(mapping), pauses_from(start, drawn)
    end = start + timedelta(seconds=length)
    spans = calendar.explain(start, end, pauses)
    edges = [spans[0].start, *(span.end for span in spans)]
    assert [edge.timestamp() for edge in edges] == [
        start.timestamp(),
        *(span.start.timestamp() for span in spans[1:]),
        end.timestamp(),
    ]
    assert all(span.seconds > 0 for span in spans)
    assert all(one.reason != two.reason for one, two in pairwise(spans))
    assert all(span.counted == (span.reason == SpanReason.OPEN) for span in spans)
    assert sum(span.seconds for span in spans if span.counted) == calendar.between(start, end, pauses)
    for span in spans:
        assert calendar.is_open(span.start) or not span.counted


@settings(max_examples=100, deadline=None)
@given(questions(), lengths, pause_lists, st.randoms(use_true_random=False))
def test_pauses_may_come_in_any_order_and_pieces(
    question: tuple[dict[str, Any], datetime], length: int, drawn: list[tuple[int, int, str]], chance: Any
) -> None:
    mapping, start = question
    calendar, pauses = BusinessCalendar.from_mapping(mapping), pauses_from(start, drawn)
    end = start + timedelta(seconds=length)
    shuffled = chance.sample(pauses, len(pauses))
    assert calendar.explain(start, end, shuffled) == calendar.explain(start, end, pauses)
    # each cut in two pieces that touch, and one piece told twice, pauses no more and no less
    cut = [piece for first, last, _ in pauses for piece in ((first, first + (last - first) / 2), (first, last))]
    assert calendar.between(start, end, cut) == calendar.between(start, end, pauses)
    assert calendar.add(start, 3600, cut) == calendar.add(start, 3600, pauses)


@settings(max_examples=100, deadline=None)
@given(questions())
@example(({"timezone": "UTC", "week": {"mon": [("09:00", "17:00")]}}, SEAM))
def test_openings_and_closings_meet(question: tuple[dict[str, Any], datetime]) -> None:
    mapping, at = question
    calendar = BusinessCalendar.from_mapping(mapping)
    opening = calendar.next_open(at).astimezone(UTC)
    assert opening >= at
    assert calendar.is_open(opening)
    assert calendar.between(at, opening) == 0
    assert calendar.is_open(at) == (opening == at)
    closing = calendar.closes_at(opening)
    if closing is not None:
        closing = closing.astimezone(UTC)
        assert not calendar.is_open(closing)
        assert calendar.between(opening, closing) == (closing - opening).total_seconds()


@settings(max_examples=40, deadline=None)
@given(questions(), st.integers(-30 * 365, 30 * 365), st.integers(0, 20 * 365), st.integers(0, 20 * 365))
def test_decades_add_up_across_chunks(question: tuple[dict[str, Any], datetime], away: int, one: int, two: int) -> None:
    mapping, near = question
    calendar = BusinessCalendar.from_mapping(mapping)
    start = near + timedelta(days=away)
    middle, end = start + timedelta(days=one), start + timedelta(days=one + two)
    seconds = calendar.between(start, end)
    assert seconds == calendar.between(start, middle) + calendar.between(middle, end)
    assert seconds == sum(span.seconds for span in calendar.explain(start, end) if span.counted)
    earliest, latest = calendar.add(start, seconds), calendar.subtract(end, seconds)
    assert earliest.astimezone(UTC) <= end
    assert latest.astimezone(UTC) >= start
    assert calendar.between(start, earliest) == calendar.between(latest, end) == seconds


def test_centuries_leave_no_more_chunks_behind_than_are_kept() -> None:
    calendar = BusinessCalendar(timezone="UTC", week={"mon": [("09:00", "17:00")]})
    mondays = calendar.between("1900-01-01T00:00:00Z", "2200-01-06T00:00:00Z") // (8 * 3600)
    assert mondays == (date(2200, 1, 6) - date(1900, 1, 1)).days // 7
    assert calendar._line._chunk.cache_info().currsize == CHUNKS_KEPT
