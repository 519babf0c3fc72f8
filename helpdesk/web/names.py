"""Names of people, shortened."""

from __future__ import annotations


def initials(name: str) -> str:
    """The first letters of the first and last word, for the circle beside a name: "Ana Kovács" is AK."""
    words = name.split()
    first, last = words[:1], words[1:][-1:]
    return "".join(word[0].upper() for word in (*first, *last))
