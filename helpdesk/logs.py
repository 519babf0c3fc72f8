"""One structured line a happening: JSON in production, readable in development. Secrets never enter."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from flask import Flask

_SECRET_PATHS = re.compile(r"(/(?:track|invitation)/)[^/?\s]+")
_SECRET_KEYS = frozenset({"password", "token", "secret", "authorization", "cookie", "csrf_token"})


def configure(app: Flask) -> None:
    """Set structlog and the standard loggers up for ``app``."""
    is_production = app.config["HELPDESK_ENV"] == "production"
    json, plain = structlog.processors.JSONRenderer, structlog.dev.ConsoleRenderer
    renderer: Any = json() if is_production else plain(colors=False)
    level = logging.getLevelNamesMapping().get(str(app.config["LOG_LEVEL"]).upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hide_secrets,  # after what went wrong has become text: that may hold a link too
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING)


def _hide_secrets(_logger: Any, _name: str, line: Any) -> Any:
    """Links of trackers and invitations are passwords: neither they nor anything named a secret may be written."""
    for key, value in line.items():
        if key.lower() in _SECRET_KEYS:
            line[key] = "***"
        elif isinstance(value, str):
            line[key] = _SECRET_PATHS.sub(r"\1***", value)
    return line
