"""Words that people put on tickets and policies ask for: one spelling for each."""

from __future__ import annotations

import re

from flask_babel import gettext as _

from helpdesk.errors import Invalid

LONGEST = 40
_BETWEEN = re.compile(r"[,;\n]+")


def fold(text: str, field: str = "add") -> str:
    """The tag as it is kept: lower case, single blanks, without the # people write. Raises Invalid at ``field``."""
    folded = " ".join(text.split()).lstrip("#").strip().lower()
    if not folded:
        raise Invalid(_("Write a tag."), field)
    if len(folded) > LONGEST:
        raise Invalid(_("A tag has %(longest)s characters at most.", longest=LONGEST), field)
    if _BETWEEN.search(folded):
        raise Invalid(_("A tag has no comma in it: commas stand between tags."), field)
    return folded


def split(text: str) -> list[str]:
    """The tags of a line as people type them, commas between."""
    return [part for part in map(str.strip, _BETWEEN.split(text)) if part]
