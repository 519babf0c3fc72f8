"""What customers of the demo world write about, and what the desk finds; our own sentences, in two languages."""

from __future__ import annotations

from helpdesk.demo.stories_en import ENGLISH
from helpdesk.demo.stories_hu import HUNGARIAN
from helpdesk.demo.story import Story

__all__ = ["SITES", "STORIES", "Story"]

SITES = {
    "en": ("Bristol", "Zagreb", "Ljubljana", "Turku", "Tartu", "Győr", "Basel", "Leeds"),
    "hu": ("Győr", "Szeged", "Pécs", "Miskolc", "Székesfehérvár", "Sopron", "Kecskemét"),
}
STORIES = ENGLISH + HUNGARIAN
