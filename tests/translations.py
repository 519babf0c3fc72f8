"""Names every text that people read and a catalogue lacks: ``python -m tests.translations``, part of ``make check``.

Texts are extracted in memory, so the check needs no template file that could be out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "helpdesk" / "translations"
SOURCES = ("helpdesk", "workflows")
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "N_": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}


def extracted() -> Catalog:
    """Every text in the sources, with the places where it stands."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as lines:
        methods, options = parse_mapping_cfg(lines)
    catalogue = Catalog()
    for source in SOURCES:
        found = extract_from_dir(ROOT / source, methods, options, keywords=KEYWORDS)
        for name, line, text, _comments, context in found:
            catalogue.add(text, None, [(f"{source}/{name}", line)], context=context)
    return catalogue


def complaints(texts: Catalog, catalogue: Catalog) -> Iterator[str]:
    """What ``catalogue`` lacks of ``texts``, and translations whose placeholders differ."""
    for message in texts:
        if not message.id:
            continue
        place = "{}:{}".format(*message.locations[0])
        translated = catalogue.get(message.id, message.context)
        if translated is None or not _is_translated(translated):
            yield f"{place}: not translated: {message.id!r}"
        elif translated.fuzzy:
            yield f"{place}: marked fuzzy: {message.id!r}"
        else:
            for error in translated.check(catalogue):
                yield f"{place}: {error}: {message.id!r}"


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(forms)


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as lines:
        return read_po(lines, locale=path.parent.parent.name)


def main() -> int:
    texts = extracted()
    paths = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
    if not paths:
        print(f"{len(texts)} texts, but no catalogue in {TRANSLATIONS.relative_to(ROOT)}")
        return 1
    wrong = [f"{path.parent.parent.name} {said}" for path in paths for said in complaints(texts, read_catalogue(path))]
    print(*wrong, sep="\n")
    print(f"{len(texts)} texts in {len(paths)} catalogue(s), {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
