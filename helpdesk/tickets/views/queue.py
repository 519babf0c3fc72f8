"""The queue and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.queries import staff, team_choices
from helpdesk.accounts.session import actor, person
from helpdesk.clock import now
from helpdesk.tickets import queries
from helpdesk.tickets.filters import LONGEST_QUERY, Position, QueueFilter, View
from helpdesk.tickets.offers import offers_together
from helpdesk.tickets.rows import Row, rows_for
from helpdesk.tickets.views.guard import sees_tickets
from helpdesk.tickets.views.saved import saved_by, saved_chip
from helpdesk.web.amounts import grouped
from helpdesk.web.forms import see_other
from helpdesk.web.fragments import swapped_id
from helpdesk.web.incoming import is_row_number
from helpdesk.web.labels import label
from workflows.vocabulary import OPEN_STATES, Kind, Priority, Service, State

Choices = list[tuple[Any, str]]


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/queue", view_func=queue)
    blueprint.add_url_rule("/search", view_func=search)
    blueprint.add_url_rule("/tickets/<int:number>/next", "next_ticket", following)
    blueprint.add_url_rule("/tickets/<int:number>/previous", "previous_ticket", preceding)


@sees_tickets
def queue() -> ResponseReturnValue:
    moment, asked = now(), QueueFilter.read(request.args)
    _remember(asked)
    found = queries.queue_page(asked, person().id, moment)
    saved = saved_by(person().id)
    counts, matching, of_saved = queries.queue_counts(asked, person().id, moment, [view.filter for view in saved])
    rows = rows_for(found.rows, actor(), moment)
    is_fragment = swapped_id() == "queue"
    people = [(user_id, name) for user_id, name, _roles in staff()]
    fields = [] if is_fragment else _fields(asked, people)
    return render_template(
        "tickets/_rows.html" if is_fragment else "tickets/queue.html",
        summary=_summary(counts),
        chips=[_chip(view, asked, counts[view]) for view in View if _is_offered(view, asked, counts)],
        saved=[saved_chip(view, asked, count_text(count)) for view, count in zip(saved, of_saved, strict=True)],
        may_save=asked.is_narrowed or asked.view is not View.ALL,
        together=offers_together(actor(), people),
        fields=fields,
        filters=_filters(asked, fields),
        query=asked.but().query(),
        rows=[row for row in rows if not row.is_paused],
        paused_rows=[row for row in rows if row.is_paused],
        paused_count=_paused_count(asked, rows, counts),
        pager=_pager(asked, found, matching),
        may_open_ticket=actor().may(Permission.OPEN_TICKETS),
        here=asked.url(),
        search=asked.q,
    )


def _paused_count(asked: QueueFilter, rows: Sequence[Row], counts: dict[View, int]) -> str:
    """Of a narrowed list only the page's own paused tickets are known."""
    is_counted = not asked.is_narrowed and asked.view in (View.ALL, View.PAUSED)
    return count_text(counts[View.PAUSED] if is_counted else sum(row.is_paused for row in rows))


def count_text(count: int) -> str:
    """A bounded count as people read it."""
    return f"{grouped(queries.COUNT_TO)}+" if count > queries.COUNT_TO else str(count)


def _summary(counts: dict[View, int]) -> str:
    return _("%(open)s open, %(late)s late", open=count_text(counts[View.ALL]), late=count_text(counts[View.LATE]))


def view_text(view: View) -> str:
    return {
        View.ALL: _("All open"),
        View.MINE: _("Mine"),
        View.UNASSIGNED: _("Nobody has it"),
        View.OUR_TURN: _("Our turn"),
        View.LATE: _("Late"),
        View.PAUSED: _("Paused"),
        View.ESCALATION_DUE: _("Escalation due"),
        View.VENDOR_ASKS: _("Microsoft waits for us"),
    }[view]


def _is_offered(view: View, asked: QueueFilter, counts: dict[View, int]) -> bool:
    """What the ladder has marked, and what the vendor asks, are lists of their own only while there is something."""
    return view not in _ONLY_WITH_SOMETHING or view is asked.view or counts[view] > 0


_ONLY_WITH_SOMETHING = frozenset({View.ESCALATION_DUE, View.VENDOR_ASKS})


def _chip(view: View, asked: QueueFilter, count: int) -> dict[str, Any]:
    return {
        "text": view_text(view),
        "count": count_text(count),
        "url": asked.but(view=view).url(),
        "is_current": view is asked.view,
    }


def _fields(asked: QueueFilter, people: Choices) -> list[dict[str, Any]]:
    """The filters a person may add, each with its choices."""
    named: list[tuple[str, str, Choices]] = [
        ("kind", _("Kind"), _words(Kind)),
        ("service", _("Service"), _words(Service)),
        ("state", _("State"), _words(State, only=OPEN_STATES)),
        ("priority", _("Priority"), _words(Priority)),
        ("team", _("Team"), team_choices()),
        ("assignee", _("Who has it"), people),
        ("customer", _("Customer"), queries.recent_customers(asked.customer)),
        ("tag", _("Tag"), [(name, name) for name in queries.recent_tags(asked.tag)]),
    ]
    return [
        {"name": name, "text": text, "value": getattr(asked, name), "choices": choices} for name, text, choices in named
    ]


def _words(words: Any, only: frozenset[Any] | None = None) -> Choices:
    return [(word.value, label(word)) for word in words if only is None or word in only]


def _filters(asked: QueueFilter, fields: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """The filters that are set, each with the address without it."""
    shown = []
    for field in fields:
        if field["value"] is not None:
            names = {str(value): text for value, text in field["choices"]}
            text = names.get(str(field["value"]), _("unknown"))
            shown.append({"text": f"{field['text']}: {text}", "remove_url": asked.but(**{field["name"]: None}).url()})
    if asked.q:
        shown.append({"text": _("Words: %(words)s", words=asked.q), "remove_url": asked.but(q="").url()})
    return shown


def _pager(asked: QueueFilter, found: queries.QueuePage, matching: int) -> dict[str, Any]:
    last = found.rows[-1] if found.rows else None
    end = Position(last.is_paused, last.next_due_at, last.id) if last is not None and found.has_more else None
    return {
        "text": _page_text(asked, len(found.rows), matching),
        "first_url": asked.but().url() if asked.after else None,
        "next_url": asked.but(after=end).url() if end else None,
        "next_text": _("Next %(count)s", count=queries.PAGE),
    }


def _page_text(asked: QueueFilter, shown: int, matching: int) -> str:
    if asked.after is not None:  # a page found by its key does not know how many lie before it
        return _("%(shown)s more of %(count)s", shown=shown, count=count_text(matching))
    if shown == 0:
        return ""
    return _("1–%(shown)s of %(count)s", shown=shown, count=count_text(matching))


# from one ticket of the list to the next ---------------------------------------------------------------

_LIST = "queue"


def _remember(asked: QueueFilter) -> None:
    """Keep the list a person works through, so that n and p on a ticket follow it."""
    query = urlencode(asked.but().query())
    if session.get(_LIST) != query:
        session[_LIST] = query


def is_remembered() -> bool:
    """Whether the person has been to a list at all; whoever follows a link to a ticket comes from none."""
    return _LIST in session


def remembered() -> QueueFilter:
    return QueueFilter.read(dict(parse_qsl(session.get(_LIST, ""))))


@sees_tickets
def following(number: int) -> ResponseReturnValue:
    return _neighbour(number, is_next=True)


@sees_tickets
def preceding(number: int) -> ResponseReturnValue:
    return _neighbour(number, is_next=False)


def _neighbour(number: int, *, is_next: bool) -> Response:
    """On to the neighbour in the list one came from; at its end back to the list."""
    asked = remembered()
    found = queries.neighbour(asked, number, person().id, now(), is_next=is_next)
    return see_other(f"/tickets/{found}" if found is not None else asked.url())


# searching --------------------------------------------------------------------------------------------


@sees_tickets
def search() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    found = queries.search_page(words) if words else []
    digits = words.lstrip("#")
    if is_row_number(digits) and found and found[0].id == int(digits):
        return redirect(f"/tickets/{found[0].id}")
    rows: list[Row] = rows_for(found, actor(), now())
    people = [(user_id, name) for user_id, name, _roles in staff()]
    together, here = offers_together(actor(), people), f"/search?{urlencode({'q': words})}"
    summary = _found(rows, words)
    return render_template(
        "tickets/search.html", search=words, rows=rows, summary=summary, together=together, here=here
    )


def _found(rows: Sequence[Row], words: str) -> str:
    if not words:
        return ""
    if len(rows) >= queries.PAGE:
        return _("the newest %(count)s", count=len(rows))
    return ngettext("%(num)s ticket", "%(num)s tickets", len(rows))
