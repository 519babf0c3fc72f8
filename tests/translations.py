"""The catalogues beside the sources: ``python -m tests.translations`` names every text a catalogue lacks.

``make check`` runs it. Texts are extracted in memory, so the check needs no template file that could be out of
date. ``make translations`` (``--update``) brings the catalogues up to date instead: new texts come in without a
translation, those that no source has any more go. A catalogue is sorted by its texts and carries neither dates
nor places, so its changes are changes of words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from helpdesk.frontend.assets import compile_translations

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "helpdesk" / "translations"
SOURCES = ("helpdesk", "workflows")
KEYWORDS = DEFAULT_KEYWORDS | {
    "_l": None,
    "N_": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "_lp": ((1, "c"), 2),
}
IN_A_STRING = re.compile(r"""\bf("|').*?\{(_|_l|gettext|ngettext)\(""")
"""A call within an f-string: Babel reads those as plain text before Python 3.12."""


def extracted() -> Catalog:
    """Every text in the sources, with the places where it stands."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as lines:
        methods, options = parse_mapping_cfg(lines)  # type: ignore[no-untyped-call]
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


def out_of_reach() -> Iterator[str]:
    """Texts that extraction can't see because they stand within an f-string."""
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if IN_A_STRING.search(line):
                    yield f"{path.relative_to(ROOT)}:{number}: a text within an f-string can't be extracted"


def update(path: Path) -> None:
    """Bring the catalogue at ``path`` up to the sources; what is translated stays, what nobody says goes."""
    known, renewed = read_catalogue(path), Catalog(locale=path.parent.parent.name)
    for message in extracted():
        if message.id:
            translated = known.get(message.id, message.context)
            renewed.add(message.id, translated.string if translated else "", context=message.context)
    text = BytesIO()
    write_po(text, renewed, width=120, no_location=True, omit_header=True, sort_output=True)
    path.write_bytes(_header(renewed).encode() + text.getvalue())


def _header(catalogue: Catalog) -> str:
    fields = {
        "Language": catalogue.locale_identifier,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalogue.plural_forms,
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in fields.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(forms)


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as lines:
        return read_po(lines, locale=path.parent.parent.name)


def main(arguments: list[str]) -> int:
    paths = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
    if "--update" in arguments:
        for path in paths:
            update(path)
        compile_translations()
    texts = extracted()
    if not paths:
        print(f"{len(texts)} texts, but no catalogue in {TRANSLATIONS.relative_to(ROOT)}")
        return 1
    wrong = [f"{path.parent.parent.name} {said}" for path in paths for said in complaints(texts, read_catalogue(path))]
    wrong += out_of_reach()
    print(*wrong, sep="\n")
    print(f"{len(texts)} texts in {len(paths)} catalogue(s), {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
