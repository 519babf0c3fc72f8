"""The pages in the pictures: who looks, where, and what she has done on the page by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.screenshots.stage import Stage

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ANA, MAX, ADAM, RITA = "ana", "max", "adam", ""


class Shot(NamedTuple):
    """``open`` brings the page to what is shown; ``is_whole`` takes all of it instead of one screen."""

    name: str
    person: str
    open: Callable[[Any, Stage], object]
    locale: str = "en-GB"
    is_whole: bool = False


def _at(path: str) -> Callable[[Any, Stage], object]:
    return lambda page, scene: page.goto(path.format(scene=scene))


def _submit(page: Any, _scene: Stage) -> None:
    page.goto("/submit")
    page.get_by_label("Technical problem").check()
    page.get_by_label("What does it concern?").select_option("microsoft365")
    page.get_by_label("In one line, what is it?").fill("Outlook keeps asking for the password")
    page.get_by_label("What did you see or need?").fill(
        "Since about eight this morning Outlook asks for the password every few minutes. Web mail is fine."
    )
    page.get_by_label("Since when?").fill("Today, about 8:00")
    page.get_by_label("Everyone, or a whole site or team").check()
    page.get_by_label("Your name").fill("Rita Fehér")
    page.get_by_label("Your e-mail address").fill("rita.feher@alpina.example")
    page.get_by_label("It hurts now: work has stopped and there is no way around it").check()
    page.locator("#promise").get_by_text("16:12").wait_for()


def _submitted(page: Any, scene: Stage) -> None:
    _submit(page, scene)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/submitted**")


SHOTS = (
    Shot("track", RITA, _at("/track/{scene.track}"), is_whole=True),
    Shot("track-hu", RITA, _at("/track/{scene.track_hu}"), locale="hu-HU", is_whole=True),
    Shot("queue", ANA, _at("/queue")),
    Shot("ticket", ANA, _at("/tickets/{scene.ticket}")),
    Shot("escalate", ANA, _at("/tickets/{scene.to_escalate}/escalate")),
    Shot("pack", ANA, _at("/tickets/{scene.to_escalate}/pack")),
    Shot("ledger", ANA, _at("/tickets/{scene.ticket}/ledger")),
    Shot("today", MAX, _at("/today")),
    Shot("breaches", MAX, _at("/breaches/{scene.breach}")),
    Shot("workflows", MAX, _at("/workflows")),
    Shot("policy", MAX, _at("/admin/policies/2")),
    Shot("year", MAX, _at("/admin/calendars/1/2026")),
    Shot("policies", ADAM, _at("/admin/policies?kind=technical&service=azure&try=1")),
    # last: these open tickets
    Shot("submit", RITA, _submit, is_whole=True),
    Shot("submitted", RITA, _submitted),
)
