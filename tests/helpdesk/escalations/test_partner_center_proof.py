"""No note is lost and none is doubled, on either side, whatever goes wrong and whenever."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import QUICK, Fault
from helpdesk.demo.vendor.world import Status
from helpdesk.errors import Invalid
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center.client import Client
from helpdesk.escalations.partner_center.models import VendorPost
from helpdesk.tickets import history
from helpdesk.tickets.actions import escalating
from tests.fakes.partner_center import vendor
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored
from tests.helpdesk.tickets.conftest import desk, opened
from workflows.vocabulary import Severity

__all__ = ["desk", "mirrored", "opened", "vendor"]

OPERATIONS = int(os.environ.get("PROOF_OPERATIONS", "300"))
"""PROOF_OPERATIONS=10000 is the long version: a quarter of an hour a database."""

PHRASES = ("Any news?", "Done.", "Please look again.")
"""Said by both sides again and again: nothing but the references tells them apart."""


class Case(NamedTuple):
    """What a story keeps of a case: plain values, which outlive any session."""

    id: int
    ticket_id: int
    number: str

    @classmethod
    def of(cls, case: VendorCase) -> Case:
        return cls(case.id, case.ticket_id, case.number or "")


class Story:
    """Random talk on several cases, with a tally of what each side has said."""

    def __init__(self, mirrored: Mirrored, seed: int, cases: int) -> None:
        self.sides = mirrored
        self.dice = random.Random(seed)
        self.cases = [Case.of(mirrored.new_case(f"6161222928{place:05}")) for place in range(cases)]
        self.ours: dict[str, Counter[str]] = {case.number: Counter() for case in self.cases}
        self.theirs: dict[str, Counter[str]] = {case.number: Counter() for case in self.cases}
        self.count = 0

    def go_on(self) -> None:
        """One operation: somebody says something, or a job takes its turn."""
        self.count += 1
        case = self.dice.choice(self.cases)
        acts: tuple[tuple[Callable[[Case], object], int], ...] = (
            (self.we_write, 30), (self.we_ask, 4), (self.they_write, 26), (self.we_paste, 4), (self.they_move, 6),
            (self.work, 30),
        )  # fmt: skip
        act, _weight = self.dice.choices(acts, [weight for _act, weight in acts])[0]
        act(case)

    def text(self) -> str:
        return self.dice.choice(PHRASES) if self.dice.random() < 0.3 else f"Line {self.count}\nand more."

    def we_write(self, case: Case) -> None:
        text = self.text()
        self.sides.say(case, text)
        self.ours[case.number][text] += 1

    def we_ask(self, case: Case) -> None:
        """A note that asks for another severity in the same breath."""
        text, wanted = f"Severity, please {self.count}", self.dice.choice(list(Severity))
        with suppress(Invalid), unit_of_work():  # refused while the same is on its way, or is so already
            escalating.ask_vendor(case.ticket_id, case.id, self.sides.desk.ana, text, now(), severity=wanted)
            self.ours[case.number][text] += 1

    def they_write(self, case: Case) -> str:
        text = self.text()
        self.sides.world.write(case.number, text)
        self.theirs[case.number][text] += 1
        return text

    def we_paste(self, case: Case) -> None:
        """An agent is quicker than the poll and pastes what the vendor wrote."""
        text = f"Pasted {self.count}"
        self.sides.world.write(case.number, text)
        self.theirs[case.number][text] += 1
        # refused when the poll was quicker still
        with suppress(Invalid), unit_of_work():
            escalating.note_vendor(case.ticket_id, case.id, self.sides.desk.ana, text, now(), is_ours=False)

    def they_move(self, case: Case) -> None:
        self.sides.world.move(case.number, self.dice.choice((Status.OPEN, Status.ATTENTION_NEEDED)))

    def work(self, _case: Case) -> None:
        self.sides.later(self.dice.choice((1, 20, 90, 400)))
        self.dice.choice((self.sides.send, self.sides.send, self.sides.poll, self.sides.poll, self.sides.survey))()
        if self.dice.random() < 0.05:
            self.sides.world.expire_tokens()

    def check(self) -> None:
        """Both sides hold what was said, each thing as often as it was said."""
        db.session.expire_all()
        for case in self.cases:
            author = self.sides.world.partner_user
            there = Counter(
                text
                for text, note in zip(self.sides.arrived(case.number), self.authors(case.number), strict=True)
                if note == author
            )
            assert there == self.ours[case.number], posts_of(case.id, self.ours[case.number] - there)
            assert written(case.id, is_ours=True) == self.ours[case.number]
            assert written(case.id, is_ours=False) == self.theirs[case.number]
            assert severity_of(case.id).value.upper() == self.sides.world.requests[case.number].severity.name
        assert [broken for _number, broken in history.verify() if broken] == []

    def authors(self, number: str) -> list[str]:
        return [note.author for note in self.sides.world.requests[number].notes]


def posts_of(case_id: int, texts: Counter[str]) -> list[str]:
    """What became of ``texts`` on their way, for whoever reads a failure."""
    rows = sa.select(VendorNote, VendorPost).outerjoin(VendorPost, VendorPost.note_id == VendorNote.id)
    found = db.session.execute(rows.where(VendorNote.vendor_case_id == case_id, VendorNote.body.in_(list(texts))))
    return [f"{vars(note)} {vars(post) if post else None}" for note, post in found]


def severity_of(case_id: int) -> Severity:
    return db.session.scalars(sa.select(VendorCase.severity).where(VendorCase.id == case_id)).one()


def written(case_id: int, *, is_ours: bool) -> Counter[str]:
    rows = sa.select(VendorNote.body).where(VendorNote.vendor_case_id == case_id, VendorNote.is_ours.is_(is_ours))
    return Counter(db.session.scalars(rows))


def tell(mirrored: Mirrored, operations: int, seed: int, cases: int) -> Story:
    story = Story(mirrored, seed, cases)
    mirrored.vendor.keeps = False
    faults = mirrored.vendor.faults
    faults.chance, faults.kinds, faults.retry_after = 0.25, QUICK, 3
    while story.count < operations:
        story.go_on()
    mirrored.quiet()
    story.check()
    return story


def test_nothing_is_lost_or_doubled(mirrored: Mirrored) -> None:
    tell(mirrored, OPERATIONS, seed=4, cases=max(8, OPERATIONS // 100))
    hits = mirrored.vendor.faults.hits
    assert all(hits[fault] for fault in QUICK), hits


def test_the_story_ends_only_once_every_case_was_read(mirrored: Mirrored) -> None:
    """A slow machine makes the last reading fail: what the vendor said by then is not lost, only not read yet."""
    story = Story(mirrored, seed=1, cases=2)
    mirrored.poll()
    for case in story.cases:
        story.they_write(case)
    mirrored.vendor.faults.next(*[Fault.LOST_ANSWER] * 3, method="GET")
    mirrored.quiet()
    story.check()


# killed at any point ----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here: nothing after this line runs."""


class Killer:
    """Ends the process at the n-th of the points where anything leaves it: before or after a commit or a call."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.left = 0
        self.kills = 0

    def arm(self) -> None:
        self.left = self.dice.randrange(1, 30)

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.kills += 1
            raise Killed


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Killer]:
    killer = Killer(random.Random(9))
    for owner, name in ((Client, "_send"), (Session, "commit")):
        monkeypatch.setattr(owner, name, around(killer, getattr(owner, name)))
    yield killer
    killer.left = 0


def around(killer: Killer, act: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*args: Any, **values: Any) -> Any:
        killer.point()
        found = act(*args, **values)
        killer.point()
        return found

    return watched


def test_killed_at_any_point_and_resumed(mirrored: Mirrored, killer: Killer) -> None:
    story = Story(mirrored, seed=7, cases=4)
    mirrored.vendor.faults.chance = 0.1
    turns = max(90, OPERATIONS // 10)
    for _turn in range(turns):
        story.go_on()
        story.go_on()
        work_until_killed(story, killer)
    mirrored.quiet()
    story.check()
    assert killer.kills > turns // 4


def work_until_killed(story: Story, killer: Killer) -> None:
    killer.arm()
    try:
        for _turn in range(3):
            story.work(story.cases[0])
    except Killed:
        db.session.remove()
        story.sides.later(301)  # whoever comes next waits for the leases of the dead
    killer.left = 0


def test_a_sender_that_slept_through_its_lease_adds_no_second_note(mirrored: Mirrored) -> None:
    """SIGSTOP between claiming and sending: another has sent it meanwhile, then the first wakes up."""
    case = mirrored.new_case("1")
    mirrored.say(case, "Hello")
    mirrored.poll()
    write = Client.patch

    def sleep_first(self: Client, *args: Any) -> Any:
        Client.patch = write  # type: ignore[method-assign]
        mirrored.later(600)
        assert mirrored.send() == 1
        return write(self, *args)

    Client.patch = sleep_first  # type: ignore[method-assign,assignment]
    try:
        mirrored.send()
    finally:
        Client.patch = write  # type: ignore[method-assign]
    assert mirrored.arrived("1") == ["Hello"]
    assert db.session.scalars(sa.select(VendorPost.post_state)).all() == ["sent"]
