"""What to say: the text of a mail and the line under the bell, from plain values in the recipient's language.

Mails are text templates in ``templates/notifications/mail/<language>/<topic>.txt``: the subject, an empty
line, the body. ``tests/helpdesk/notifications/golden`` holds each as it goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Self

from jinja2 import Environment, PackageLoader, StrictUndefined

from helpdesk.notifications.topics import OPTIONAL_PARAMS, SECRET_PARAMS, SHAPES, NoticeTopic
from helpdesk.notifications.wording import CLOCK_NAMES, LINES, PORTALS, grouped, initial, language_of, summary
from helpdesk.web import moments
from workflows.vocabulary import ClockKind, Service, TurnAwayReason

_MANY_LINES = frozenset({"body", "note"})
SayMoment = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every mail says about its sender. ``base_url`` has no slash at its end."""

    desk_name: str
    desk_email: str
    desk_phone: str
    base_url: str
    timezone: str

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(*(str(config[key]) for key in ("DESK_NAME", "DESK_EMAIL", "DESK_PHONE", "BASE_URL", "TIMEZONE")))


@dataclass(frozen=True, slots=True)
class Text:
    """A mail's words. ``secrets`` are the parts that must never be shown or logged."""

    subject: str
    body: str
    secrets: tuple[str, ...]


def compose(topic: NoticeTopic, language: str, params: Mapping[str, Any], number: int | None, head: Letterhead) -> Text:
    """The mail for ``topic`` about ticket ``number``, from params as the outbox keeps them."""
    language = language_of(language)
    zone = str(params.get("timezone") or head.timezone)
    values = _values(topic, language, params, partial(moments.written, zone=zone, language=language))
    values.update(_of_desk(head, number), secret_link=_link(head, values.get("secret_path")))
    if params.get("incident_id") is not None:
        values["incident_link"] = f"{head.base_url}/incidents/{params['incident_id']}"
    if topic is NoticeTopic.PROMISES_DIGEST:
        say = partial(moments.written, zone=zone, language=language)
        values["entries"] = [_entry(entry, language, head, say) for entry in params["entries"]]
        more = params["late"] + params["soon"] - len(values["entries"])
        values["more"] = grouped(language, more) if more > 0 else None
    text = _templates().get_template(f"{language}/{topic}.txt").render(values)
    return _split(text, _secrets(params))


def _entry(entry: Mapping[str, Any], language: str, head: Letterhead, say: SayMoment) -> dict[str, Any]:
    """One promise of a digest: its line, as the bell says it, and what stands under it."""
    topic, number, params = NoticeTopic(entry["topic"]), entry["number"], entry["params"]
    values = _values(topic, language, params, say)
    return {**values, **_of_desk(head, number), "line": _line(topic, language, values, number)}


def line(topic: NoticeTopic, language: str, params: Mapping[str, Any], number: int | None, say: SayMoment) -> str:
    """The line under the bell; ``say`` words a moment for the reader of the page."""
    language = language_of(language)
    return _line(topic, language, _values(topic, language, params, say), number)


def _line(topic: NoticeTopic, language: str, values: Mapping[str, Any], number: int | None) -> str:
    return initial(LINES[language][topic].format_map({**values, "number": number}))


def _split(rendered: str, secrets: tuple[str, ...]) -> Text:
    subject, _empty, body = rendered.partition("\n\n")
    return Text(" ".join(subject.split()), body.strip() + "\n", secrets)


def _values(topic: NoticeTopic, language: str, params: Mapping[str, Any], say: SayMoment) -> dict[str, Any]:
    """The params as a text shows them: what was not given is None."""
    shape = SHAPES[topic]
    values: dict[str, Any] = dict.fromkeys(OPTIONAL_PARAMS) | {
        name: _shown(name, params.get(name), say) for name in shape.required | shape.optional
    }
    if values.get("clock"):
        values["clock_name"] = CLOCK_NAMES[language][ClockKind(values["clock"])]
    if topic is NoticeTopic.PROMISES_DIGEST:
        values["summary"] = summary(language, params["late"], params["soon"])
    if values.get("service"):
        values["portal_name"], values["portal_url"] = PORTALS[Service(values["service"])]
    return values


def _shown(name: str, value: Any, say: SayMoment) -> Any:
    if value is None:
        return None
    if name.endswith("_at"):
        return say(datetime.fromisoformat(value))
    if name in _MANY_LINES:
        return str(value).strip()
    return " ".join(str(value).split())  # a line break would end the subject and begin a header of its own


def _of_desk(head: Letterhead, number: int | None) -> dict[str, Any]:
    return {
        "number": number,
        "ticket_link": f"{head.base_url}/tickets/{number}",
        "queue_link": f"{head.base_url}/queue",
        "desk_name": head.desk_name,
        "desk_email": head.desk_email,
        "desk_phone": head.desk_phone,
        "reasons": TurnAwayReason,
    }


def _link(head: Letterhead, path: str | None) -> str | None:
    return f"{head.base_url}{path}" if path else None


def _secrets(params: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(params[name]) for name in sorted(SECRET_PARAMS & params.keys()) if params[name])


@lru_cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("helpdesk", "templates/notifications/mail"),
        autoescape=False,  # noqa: S701 - plain text, never shown as HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["initial"] = initial
    return environment
