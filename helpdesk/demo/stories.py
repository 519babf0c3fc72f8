"""What customers of the demo world write about, and what the desk finds; our own sentences, in two languages."""

from __future__ import annotations

from helpdesk.demo.stories_en import ENGLISH
from helpdesk.demo.stories_hu import HUNGARIAN
from helpdesk.demo.story import Story

__all__ = ["SITES", "STORIES", "Story"]

SITES = {
    "HU": ("Győr", "Szeged", "Pécs", "Miskolc", "Székesfehérvár", "Sopron", "Kecskemét"),
    "SI": ("Maribor", "Koper"),
    "CH": ("Basel", "Zug"),
    "HR": ("Rijeka", "Split"),
    "GB": ("Bristol", "Leeds", "Hull"),
    "NO": ("Bergen", "Tromsø"),
    "FI": ("Turku", "Oulu"),
    "EE": ("Tartu", "Narva"),
}
"""Where a customer of each country has an office besides its seat."""
STORIES = ENGLISH + HUNGARIAN
