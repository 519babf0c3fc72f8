"""What the commands share. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def application() -> Iterator[Flask]:
    """The application, its context entered; the desk's own errors end the command with their sentence."""
    from helpdesk import create_app
    from helpdesk.errors import HelpdeskError

    app = create_app()
    with app.app_context():
        try:
            yield app
        except HelpdeskError as error:
            sys.exit(error.sentence)
