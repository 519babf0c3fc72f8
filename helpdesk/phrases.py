"""Sentences that are kept now and said later, in the language of whoever reads them then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from flask_babel import gettext

LONGEST = 300
"""Characters of what is kept."""
_LONGEST_ESCAPE = 6  # what JSON makes of one character that it can't write as it is


def N_(template: str) -> str:
    """Mark a text that is translated where it is said."""
    return template


@dataclass(frozen=True, slots=True)
class Phrase:
    """``template`` is English, marked by ``N_``; ``about`` are its values by name, in whoever's words they came."""

    template: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: str) -> Self:
        """What ``kept`` wrote. A plain sentence stands for itself."""
        try:
            template, about = json.loads(kept)
            return cls(str(template), {str(name): value for name, value in about.items()})
        except (ValueError, TypeError, AttributeError):
            return cls(kept)

    def __str__(self) -> str:
        """In English, for logs and the command line."""
        return self.template % self.about if self.about else self.template

    def kept(self) -> str:
        """As text of at most LONGEST characters; the longest value is cut where it would be more."""
        if not self.about:
            return self.template[:LONGEST]
        about = {name: value if isinstance(value, int) else str(value) for name, value in self.about.items()}
        while len(text := json.dumps([self.template, about], ensure_ascii=False)) > LONGEST:
            name = max(about, key=lambda each: len(str(about[each])))
            value = str(about[name])
            if not value:
                return str(self)[:LONGEST]
            about[name] = value[: -max(1, (len(text) - LONGEST) // _LONGEST_ESCAPE)]
        return text

    def said(self) -> str:
        """In the reader's language."""
        return gettext(self.template, **self.about) if self.template else ""


def said(kept: str) -> str:
    """Say what was kept, in the reader's language."""
    return Phrase.of(kept).said()
