"""How often tickets came back from Microsoft, by channel and topic, and the tickets behind each count."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.clock import now
from helpdesk.database import db
from helpdesk.management import returns, stays
from helpdesk.management.days import local_day
from helpdesk.management.filters import Position
from helpdesk.management.stay_filters import LIST, REPORT, Period, StayFilter
from helpdesk.tickets.models import Topic
from helpdesk.web.amounts import grouped

_PERIODS = {
    Period.MONTH: _l("Last 30 days"),
    Period.QUARTER: _l("Last 90 days"),
    Period.YEAR: _l("Last 12 months"),
}


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule(REPORT, view_func=report)
    blueprint.add_url_rule(LIST, "report_tickets", tickets)


@requires(Permission.SEE_TODAY)
def report() -> ResponseReturnValue:
    asked, today = StayFilter.read(request.args), local_day(now())
    found = returns.report_of(asked, stays.tallies(asked, today))
    return render_template(
        "management/returns.html",
        found=found,
        why=returns.why_headings(),
        rest=returns.rest_headings(),
        is_empty=not found.channels,
        longer_url=None if asked.period is Period.YEAR else _plain(asked, Period.YEAR),
        most=grouped(stays.MOST),
        **_period(asked, today),
    )


@requires(Permission.SEE_TODAY)
def tickets() -> ResponseReturnValue:
    asked, moment = StayFilter.read(request.args), now()
    today = local_day(moment)
    page, whole = stays.stay_page(asked, today), stays.count(asked, today)
    topics = db.session.execute(sa.select(Topic.id, Topic.name)) if asked.topic is not None else ()
    return render_template(
        "management/stays.html",
        rows=[returns.stay_of(row, moment) for row in page.rows],
        narrowed=returns.narrowed(asked, returns.topic_names((row[0], row[1]) for row in topics)),
        days_text=returns.days_text(asked, today),
        report_url=asked.but(channel=None, topic=None, ending=None, reason=None).url(REPORT),
        pager=_pager(asked, page, whole),
    )


def _plain(asked: StayFilter, period: Period) -> str:
    return asked.but(period=period, from_on=None, to_on=None).url(REPORT)


def _period(asked: StayFilter, today: Any) -> dict[str, Any]:
    """The choice of a period: standing ones, or two days of one's own."""
    chips = [
        {
            "text": text,
            "url": _plain(asked, period),
            "is_current": period is asked.period and not asked.has_own_days,
        }
        for period, text in _PERIODS.items()
    ]
    first, last = asked.days(today)
    return {"periods": chips, "first": first, "last": last, "days_text": returns.days_text(asked, today)}


def _pager(asked: StayFilter, page: stays.StayPage, whole: int) -> dict[str, Any]:
    last = page.rows[-1] if page.has_more else None
    words = {"shown": len(page.rows), "count": grouped(whole)}
    text = _("1–%(shown)s of %(count)s", **words) if asked.after is None else _("%(shown)s more of %(count)s", **words)
    return {
        "text": text if page.rows else "",
        "first_url": asked.but().url() if asked.after else None,
        "next_url": asked.but(after=Position(last.went_at, last.id)).url() if last is not None else None,
        "next_text": _("Next %(count)s", count=stays.PAGE),
    }
