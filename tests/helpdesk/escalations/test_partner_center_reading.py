"""Tolerant reading, and telling notes apart: pure, on any story."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.escalations.partner_center import matching
from helpdesk.escalations.partner_center.answers import Answer, complaint_of, quiet_seconds
from helpdesk.escalations.partner_center.errors import Garbled
from helpdesk.escalations.partner_center.matching import (
    MOST_FILES,
    KeptFiles,
    Known,
    find_sent,
    keep_files,
    match,
    name_all,
    plain,
    reference_of,
    signed,
)
from helpdesk.escalations.partner_center.reading import (
    Fields,
    FileLink,
    Note,
    RemoteSubscription,
    ServiceRequest,
    SubscriptionStatus,
    read_moment,
)
from workflows.vocabulary import Severity, VendorCaseState

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("sent", "name", "size", "url"), [
    ({"fileNameWithoutExtension": "trace", "fileExtension": ".har", "fileSize": "12", "location": "https://v.example/1"},
     "trace.har", 12, "https://v.example/1"),
    ({"FileNameWithoutExtension": "notes", "fileExtension": None, "fileSize": None}, "notes", None, ""),
    ({"fileNameWithoutExtension": "x", "fileExtension": "txt", "fileSize": -1, "location": "javascript:alert(1)"},
     "x.txt", None, ""),
    ({"fileNameWithoutExtension": "x", "location": "http://v.example/1"}, "x", None, ""),
    ({"fileNameWithoutExtension": "x" * 500, "location": "https://v.example/" + "1" * 5000}, "x" * 120, None, ""),
])  # fmt: skip
def test_files_of_a_case(sent: dict[str, Any], name: str, size: int | None, url: str) -> None:
    """Only an https address becomes a link."""
    (file,) = ServiceRequest.read(Fields({"id": "1", "fileLinks": [sent, {}, "nothing", {"fileSize": 3}]})).files
    assert (file.key, file.name, file.size_bytes, file.url) == (name, name, size, url)


def test_nonsense_instead_of_files() -> None:
    assert ServiceRequest.read(Fields({"id": "1", "fileLinks": "none"})).files == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T09:00:00", NINE),
        ("2026-11-24T09:00:00Z", NINE),
        ("2026-11-24T09:00:00.863", NINE),
        ("2026-11-24T09:00:00.8631234Z", NINE),
        ("2026-11-24T10:00:00+01:00", NINE),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    ("sent", "state", "raw"),
    [
        (1, VendorCaseState.OPEN, "open"),
        ("1", VendorCaseState.OPEN, "open"),
        ("open", VendorCaseState.OPEN, "open"),
        ("AttentionNeeded", VendorCaseState.ATTENTION_NEEDED, "attention_needed"),
        ("attention_needed", VendorCaseState.ATTENTION_NEEDED, "attention_needed"),
        (3, VendorCaseState.ATTENTION_NEEDED, "attention_needed"),
        ("CLOSED", VendorCaseState.CLOSED, "closed"),
        (0, None, "0"),
        ("none", None, "none"),
        ("waiting_for_parts", None, "waiting_for_parts"),
        (17, None, "17"),
        ("9" * 5000, None, "9" * 40),
        (None, None, ""),
    ],
)
def test_states_in_integers_words_and_unknown(sent: Any, state: VendorCaseState | None, raw: str) -> None:
    read = ServiceRequest.read(Fields({"Id": "6161", "Status": sent, "SEVERITY": "Critical"}))
    assert (read.state, read.raw_state, read.severity) == (state, raw, Severity.A)


def test_nulls_and_wrong_types_are_no_errors() -> None:
    odd = {"id": 616122292874576, "title": None, "notes": None, "primaryContact": [], "status": {}, "severity": True}
    read = ServiceRequest.read(Fields(odd))
    assert (read.number, read.title, read.notes, read.state, read.severity) == ("616122292874576", "", (), None, None)
    assert ServiceRequest.read(Fields({"id": "1", "notes": ["x", {"text": 5}]})).notes == (Note("", None, "5"),)


@pytest.mark.parametrize("raw", [None, [], "x", {}])
def test_what_is_no_case_is_garbled(raw: Any) -> None:
    with pytest.raises(Garbled):
        ServiceRequest.read(Fields(raw))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"mended \ud83d"', "mended \ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"men\u0000ded \u0000"', "mended"),
        (b'"mended \xed\xa0\xbd"', "mended \ufffd"),
    ],
)
def test_characters_that_are_none_reach_neither_database_nor_encoding(sent: bytes, read: str) -> None:
    body = b'{"id": "1", "notes": [{"text": %b}], "suspensionReasons": [%b]}' % (sent, sent)
    fields = Answer(200, {}, body).fields()
    (note,) = ServiceRequest.read(fields).notes
    assert (note.text, fields.texts("suspensionReasons")) == (read, (read,))
    assert name_all([note])


def test_a_list_of_texts_holds_nothing_else() -> None:
    reasons = Fields({"suspensionReasons": ["fraud", None, "", [[]], {"x": 1}, 7]}).texts("suspensionReasons")
    assert reasons == ("fraud", "7")


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"id":' * 200_000, b"9" * 5000, b"\xff\xfe\xff"])
def test_what_cant_be_parsed_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        Answer(200, {}, body).fields()


def test_a_subscriptions_status_may_be_an_integer() -> None:
    read = RemoteSubscription.read(Fields({"id": "s", "status": 2, "quantity": "25"}))
    assert (read.status, read.seats) == (SubscriptionStatus.SUSPENDED, 25)


ODD_BODY = b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}'


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("12", ODD_BODY, 12),
        ("", ODD_BODY, 57),
        ("Tue, 24 Nov 2026 09:01:30 GMT", b"{}", 90),
        ("soon", b"", 30),
        ("", b"<html>", 30),
        ("999999", b"{}", 3600),
        ("Tue, 24 Nov 2026 08:00:00 GMT", b"{}", 0),
    ],
)
def test_how_long_to_be_quiet(header: str, body: bytes, seconds: float) -> None:
    assert quiet_seconds(Answer(429, {"retry-after": header} if header else {}, body), NINE) == seconds


def test_either_error_body_is_understood() -> None:
    usual = b'{"code":"2055","description":"The etag is no longer valid.","data":[],"source":"x"}'
    assert complaint_of(Answer(400, {}, usual)) == ("2055", "The etag is no longer valid.")
    assert complaint_of(Answer(429, {}, ODD_BODY))[1].startswith("Rate limit")
    assert complaint_of(Answer(502, {}, b"Bad gateway")) == ("", "")
    endless = json.dumps({"code": "x" * 20_000, "description": "\x1b[31mNo\x07 " + "y" * 20_000}).encode()
    code, said = complaint_of(Answer(400, {}, endless))
    assert (len(code), len(said)) == (40, 200)
    assert said.startswith("[31mNo yy")


# telling notes apart ----------------------------------------------------------------------------------------

texts = st.sampled_from(["Any news?", "Any news? ", "Done.", "Done.\r\nBye.", "Done.\nBye."])
remote = st.lists(
    st.builds(
        Note,
        st.sampled_from(["Microsoft", "Ana"]),
        st.integers(0, 2).map(lambda seconds: NINE + timedelta(seconds=seconds)),
        texts,
    ),
    max_size=8,
)


@given(remote, st.integers())
def test_names_depend_neither_on_order_nor_on_what_came_later(notes: list[Note], seed: int) -> None:
    names = {one.external_id for one in name_all(notes)}
    assert len(names) == len(notes)
    mixed = list(notes)
    random.Random(seed).shuffle(mixed)
    assert {one.external_id for one in name_all(mixed)} == names
    assert names <= {one.external_id for one in name_all([*mixed, Note("Microsoft", NINE, "Any news?")])}


@given(st.lists(remote, max_size=4))
def test_whatever_is_read_again_is_written_once(readings: list[list[Note]]) -> None:
    known: list[Known] = []
    there: list[Note] = []
    for reading in readings:
        there += reading
        for _time in range(2):
            matched = match(there, known)
            assert matched.ties == ()
            known += [Known(len(known), one.note.text, one.external_id, None, NINE) for one in matched.fresh]
    assert len(known) == len(there)


def test_what_was_pasted_is_tied_not_doubled() -> None:
    pasted = [Known(1, "Please restart it.\n", None, None, NINE), Known(2, "Please restart it.", None, None, NINE)]
    notes = [Note("Microsoft", NINE, "Please restart it. "), Note("Microsoft", NINE, "Please\u0020restart it.\r\n")]
    matched = match([*notes, Note("Microsoft", NINE, "And now?")], pasted)
    assert {note_id for note_id, _name in matched.ties} == {1, 2}
    assert [one.note.text for one in matched.fresh] == ["And now?"]


def test_the_same_words_said_later_are_news() -> None:
    pasted = [Known(1, "Done.", None, None, NINE)]
    assert len(match([Note("Microsoft", NINE + timedelta(minutes=3), "Done.")], pasted).fresh) == 1


def test_words_of_the_vendors_are_never_taken_for_what_we_are_about_to_send() -> None:
    waiting = Known(1, "Any news?", None, reference_of(str(uuid.uuid4())), NINE)
    assert len(match([Note("Microsoft", NINE, "Any news?")], [waiting]).fresh) == 1


def test_what_we_sent_is_known_by_its_reference() -> None:
    stable_id = str(uuid.uuid4())
    sent = Known(7, "Any news?", None, reference_of(stable_id), NINE)
    there = Note("Desk Robot", NINE, signed("Any news?", stable_id).replace("\n", "\r\n"))
    other = Note("Desk Robot", NINE, signed("Any news?", str(uuid.uuid4())))
    assert plain(there.text) == "Any news?"
    matched = match([there], [sent])
    assert matched.ties == ((7, find_sent([there], stable_id)),)
    assert find_sent([other], stable_id) is None


def test_a_second_copy_of_what_we_sent_is_not_shown() -> None:
    stable_id = str(uuid.uuid4())
    copies = [Note("Robot", NINE + timedelta(seconds=place), signed("Hello", stable_id)) for place in range(2)]
    first = match(copies, [Known(7, "Hello", None, reference_of(stable_id), NINE)])
    assert (len(first.ties), first.fresh) == (1, ())
    tied = Known(7, "Hello", first.ties[0][1], reference_of(stable_id), NINE)
    assert match(copies, [tied]) == match([], [])


def test_news_come_oldest_first() -> None:
    notes = [Note("M", NINE + timedelta(hours=hours), f"{hours}") for hours in (3, 1, 2)]
    assert [one.note.text for one in match(notes, []).fresh] == ["1", "2", "3"]


# files ------------------------------------------------------------------------------------------------------


def links(*keys: str, name: str = "", size: int = 10) -> list[FileLink]:
    return [FileLink(key, name or key, size, "") for key in keys]


def keys_of(kept: KeptFiles) -> list[str]:
    return [file["key"] for file in kept.files]


def test_files_of_one_name_are_told_apart() -> None:
    there = [FileLink("image001.png", "image001.png", size, "") for size in (10, 20)]
    first = keep_files([], there)
    assert [file["size_bytes"] for file in first.files] == [10, 20]
    assert first.fresh == ["image001.png"] * 2
    assert keep_files(first.files, there) == KeptFiles(first.files, [], 0)
    third = keep_files(first.files, [*there, FileLink("image001.png", "image001.png", 30, "")])
    assert ([file["size_bytes"] for file in third.files], third.fresh) == ([10, 20, 30], ["image001.png"])


def test_another_address_or_id_is_no_news() -> None:
    first = keep_files([], [FileLink("k", "a.png", 10, "https://v.example/a?sig=1")])
    signed_anew = keep_files(first.files, [FileLink("k", "a.png", 10, "https://v.example/a?sig=2")])
    assert (signed_anew.fresh, signed_anew.files[0]["url"]) == ([], "https://v.example/a?sig=2")
    renamed = keep_files(first.files, links("l", name="a.png"))
    assert (renamed.fresh, keys_of(renamed)) == ([], ["l"])
    other_size = keep_files(first.files, links("l", name="a.png", size=11))
    assert (other_size.fresh, keys_of(other_size)) == (["a.png"], ["k", "l"])
    copy = keep_files(first.files, links("k", "l", name="a.png"))  # the first is there still
    assert (copy.fresh, keys_of(copy)) == (["a.png"], ["k", "l"])


def test_no_more_files_than_a_page_can_bear() -> None:
    """Those that the vendor lists no more go first, and those at the head of its list next."""
    many = [f"{place}" for place in range(MOST_FILES)]
    kept = keep_files(keep_files([], links("old", "older")).files, links(*many[1:]))
    assert (keys_of(kept), kept.left_out) == (["older", *many[1:]], 1)
    kept = keep_files(kept.files, links(*many, "new"))
    assert (keys_of(kept)[-1], len(kept.files), kept.fresh, kept.left_out) == ("new", MOST_FILES, ["new"], 2)
    assert keep_files(kept.files, links(*many, "new")) == KeptFiles(kept.files, [], 1)


some_links = st.lists(
    st.builds(
        FileLink,
        st.sampled_from(["a", "b", "image001.png", "c"]),
        st.sampled_from(["a.png", "image001.png"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["", "https://v.example/1"]),
    ),
    max_size=12,
)


@given(st.lists(some_links, max_size=4))
def test_every_listed_file_is_kept_once_and_told_once(readings: list[list[FileLink]]) -> None:
    files: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "MOST_FILES", 12)
        for reading in readings:
            kept = keep_files(files, reading)
            assert len(kept.files) == len(set(keys_of(kept))) <= matching.MOST_FILES
            shown = Counter((file["name"], file["size_bytes"], file["url"]) for file in kept.files)
            assert Counter((file.name, file.size_bytes, file.url) for file in reading) <= shown
            assert keep_files(kept.files, reading).fresh == []
            files = kept.files
