"""Wires the rooms together, in order, and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config as settings
from helpdesk import logs, models
from helpdesk.accounts import session
from helpdesk.database import db, engine_options
from helpdesk.extensions import babel, csrf, limiter, login_manager
from helpdesk.web import bodies, csp, errorpages, incoming, language, templating

ROOMS_WITH_PAGES = (
    "helpdesk.accounts.views",
    "helpdesk.customers.views",
    "helpdesk.sla.views",
    "helpdesk.escalations.views",
    "helpdesk.notifications.views",
    "helpdesk.tickets.views",
    "helpdesk.portal.views",
    "helpdesk.management.views",
    "helpdesk.jobs.views",
)


def build(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application from the environment; ``overrides`` are configuration keys that win (tests).

    Raises ConfigurationError when a setting makes no sense.
    """
    app = Flask("helpdesk")
    app.config.update(settings.load(), **(overrides or {}))
    _derive_configuration(app)
    logs.configure(app)
    models.load_all()
    incoming.guard(app)
    _bind_extensions(app)
    for module in ROOMS_WITH_PAGES:
        app.register_blueprint(import_module(module).blueprint)
    session.configure(app)
    csp.add_security_headers(app)
    errorpages.register(app)
    templating.register(app)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _derive_configuration(app: Flask) -> None:
    """Fill in what Flask and its extensions want, from our own settings."""
    conf = app.config
    is_https = conf["BASE_URL"].startswith("https://")
    conf.update(
        SQLALCHEMY_DATABASE_URI=conf["DATABASE_URL"],
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(conf["DATABASE_URL"], conf["DATABASE_POOL"]),
        SESSION_COOKIE_NAME="helpdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        WTF_CSRF_TIME_LIMIT=None,  # the default of an hour would lose what somebody typed slowly
        WTF_CSRF_SSL_STRICT=is_https,
        MAX_CONTENT_LENGTH=conf["UPLOAD_HARD_CAP_BYTES"],
        MAX_FORM_MEMORY_SIZE=2 * settings.MIB,
        MAX_FORM_PARTS=200,
        RATELIMIT_ENABLED=conf["RATE_LIMITS"],
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE=conf["TIMEZONE"],
        SEND_FILE_MAX_AGE_DEFAULT=31536000,  # every static address carries its content's hash
    )
    if conf["HELPDESK_ENV"] == "production":  # probes ask the machine itself by its own names
        conf["TRUSTED_HOSTS"] = [urlsplit(conf["BASE_URL"]).hostname, "localhost", "127.0.0.1"]


def _bind_extensions(app: Flask) -> None:
    db.init_app(app)
    app.before_request(bodies.limit_text)  # first of all: CSRF protection reads the form
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    app.before_request(language.remember_choice)
    app.after_request(language.announce)
    selectors = {"locale_selector": language.select_locale, "timezone_selector": language.select_timezone}
    babel.init_app(app, **selectors)  # type: ignore[no-untyped-call]
