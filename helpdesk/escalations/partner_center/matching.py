"""Telling the vendor's notes and files apart from those we have: pure, so that it can be tested on any story.

Notes have no id at the vendor. A note is known by author, second, text and, among equals, its place. What we
send ends in a reference of ours, by which we find it again whatever became of the answer to its sending.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.escalations.partner_center.reading import FileLink, Note

SKEW = timedelta(minutes=2)
"""How far the vendor's clock may be ahead of ours."""

_REFERENCE = re.compile(r"\s*\[ref ([0-9a-f]{12})\]\s*$")


_TICKET_IN_TITLE = re.compile(r"\[#(\d{1,9})\]")
_TICKET_IN_TEXT = re.compile(r"\bOur reference\s*:?\s*#(\d{1,9})\b")


def ticket_in(title: str, description: str) -> int | None:
    """The ticket that a case names as ours, as the pack's text does: "Our reference #123", or "[#123]" in its title."""
    found = _TICKET_IN_TITLE.search(title) or _TICKET_IN_TEXT.search(description)
    return int(found[1]) if found else None


def reference_of(stable_id: str) -> str:
    """The short form of a post's id (a UUID) that stands in its text."""
    return stable_id.replace("-", "")[:12]


def signed(body: str, stable_id: str) -> str:
    """``body`` as it leaves the desk."""
    return f"{body}\n\n[ref {reference_of(stable_id)}]"


def reference_in(text: str) -> str | None:
    found = _REFERENCE.search(text)
    return found[1] if found else None


def plain(text: str) -> str:
    """A note's text without our reference, in one spelling of blanks, line ends and accents."""
    bare = unicodedata.normalize("NFC", _REFERENCE.sub("", text.replace("\r\n", "\n")))
    return "\n".join(line.rstrip() for line in bare.strip().split("\n"))


@dataclass(frozen=True, slots=True)
class Known:
    """A note we have. ``external_id`` is None until it was seen at the vendor, ``reference`` None if it was pasted.

    ``at`` is when it was written down here.
    """

    id: int
    body: str
    external_id: str | None
    reference: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A note of the vendor's with the name we give it."""

    external_id: str
    note: Note


@dataclass(frozen=True, slots=True)
class Matched:
    """``ties``: (note of ours, its name at the vendor); ``fresh``: what we don't have yet, oldest first."""

    ties: tuple[tuple[int, str], ...]
    fresh: tuple[Named, ...]


def name_all(notes: Iterable[Note]) -> list[Named]:
    """Give each note its name. Equal notes of one second are told apart by counting, so order does not matter."""
    seen: Counter[str] = Counter()
    named = []
    for note in notes:
        moment = note.written_at.isoformat() if note.written_at else ""
        key = "\0".join((note.author, moment, plain(note.text), reference_in(note.text) or ""))
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()
        named.append(Named(digest[:40], note))
    return named


def match(remote: Sequence[Note], known: Sequence[Known]) -> Matched:
    """Which of the vendor's notes are ours already, and which are news.

    A note is ours if it was seen before, if it bears the reference of one we sent, or if somebody pasted the
    same text once it stood there. A second copy of one we sent is neither tied nor news.
    """
    seen = {one.external_id for one in known if one.external_id}
    sent = {one.reference: one for one in known if one.reference}
    untied = [one for one in known if one.external_id is None]
    ties: list[tuple[int, str]] = []
    fresh: list[Named] = []
    for named in name_all(remote):
        if named.external_id in seen or not plain(named.note.text):
            continue
        reference = reference_in(named.note.text)
        ours = sent.get(reference) if reference else None
        if ours is not None and ours not in untied:
            continue
        ours = ours or _same_text(named.note, untied)
        if ours is None:
            fresh.append(named)
        else:
            untied.remove(ours)
            ties.append((ours.id, named.external_id))
    return Matched(tuple(ties), tuple(sorted(fresh, key=_age)))


def find_sent(notes: Sequence[Note], stable_id: str) -> str | None:
    """The vendor's name of the note we sent under ``stable_id``; None when it is not there."""
    wanted = reference_of(stable_id)
    return next((one.external_id for one in name_all(notes) if reference_in(one.note.text) == wanted), None)


def _same_text(note: Note, untied: Sequence[Known]) -> Known | None:
    text, written_at = plain(note.text), note.written_at
    pasted = (one for one in untied if one.reference is None and plain(one.body) == text)
    # what is written after the pasting is a note of its own, however alike
    return next((one for one in pasted if written_at is None or written_at <= one.at + SKEW), None)


def _age(named: Named) -> tuple[bool, str]:
    at = named.note.written_at
    return at is None, at.isoformat() if at else ""


# files ------------------------------------------------------------------------------------------------------

MOST_FILES = 100
"""So many files of a case are kept and shown: a page can bear no more."""


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """A case's files as they are to be kept, oldest first: dicts of FileLink's fields, each with a ``key`` of its own.

    ``fresh``: the names of those that are news. ``left_out``: how many there is no room for.
    """

    files: list[dict[str, Any]]
    fresh: list[str]
    left_out: int


def keep_files(known: Sequence[Mapping[str, Any]], listed: Iterable[FileLink]) -> KeptFiles:
    """What we have of a case's files together with what the vendor lists now; one that it lists no more stays.

    No news: another address or size of a file, and another id for one whose id is gone. Of too many, those go first
    that the vendor lists no more, the oldest before the others, and then those at the head of its list.
    """
    keyed = _key_all(listed)
    there = dict(list(keyed.items())[-MOST_FILES:])
    had = {str(file["key"]): dict(file) for file in known}
    now_called = _renamed([file for key, file in had.items() if key not in keyed], had, there)
    stays = [there.get(now_called.get(key, key), file) for key, file in had.items()]
    not_news = had.keys() | set(now_called.values())
    fresh = [file for key, file in there.items() if key not in not_news]
    files = _drop_oldest([*stays, *fresh], there)
    left_out = len(stays) + len(fresh) - len(files) + len(keyed) - len(there)
    return KeptFiles(files, [file["name"] for file in fresh], left_out)


def _key_all(listed: Iterable[FileLink]) -> dict[str, dict[str, Any]]:
    """By a key of its own: of several that share one, all but the first are counted."""
    seen: Counter[str] = Counter()
    keyed = {}
    for file in listed:
        seen[file.key] += 1
        key = file.key if seen[file.key] == 1 else f"{file.key}\n{seen[file.key]}"
        keyed[key] = asdict(file) | {"key": key}
    return keyed


def _renamed(
    gone: Iterable[Mapping[str, Any]], had: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """By the key of a file that is gone, that of a new one so like it that only the vendor's id has changed."""
    alike: dict[tuple[str, int | None], list[str]] = {}
    for key, file in there.items():
        if key not in had:
            alike.setdefault((file["name"], file["size_bytes"]), []).append(key)
    renamed: dict[str, str] = {}
    for file in gone:
        if heirs := alike.get((file["name"], file["size_bytes"])):
            renamed[file["key"]] = heirs.pop(0)
    return renamed


def _drop_oldest(files: list[dict[str, Any]], there: Mapping[str, Any]) -> list[dict[str, Any]]:
    """No more than MOST_FILES, and of those ``there`` each."""
    idle = [file["key"] for file in files if file["key"] not in there]
    dropped = set(idle[: max(len(files) - MOST_FILES, 0)])
    return [file for file in files if file["key"] not in dropped]
