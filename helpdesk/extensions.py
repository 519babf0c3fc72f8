"""Flask extensions, created unbound; ``create_app`` binds them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import g
from flask_babel import Babel, Domain
from flask_babel import _get_current_context as _babel_context
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_wtf import CSRFProtect


def language_context() -> Any:
    """Where flask-babel keeps the language of a request or job; None outside both.

    It goes through the proxy ``g`` four times for it, and a page asks nine hundred times: here it is once.
    """
    try:
        kept = getattr(g._get_current_object(), "_flask_babel", None)
    except RuntimeError:
        return None
    return kept if kept is not None else _babel_context()


class KeptTranslations(Domain):
    """Looks the reader's catalogue up once per request: flask-babel does so anew for each of a page's 400 words.

    It is kept where ``force_locale`` and ``refresh`` already put away and forget translations.
    """

    def get_translations(self) -> Any:
        context = language_context()
        if context is None:
            return super().get_translations()  # type: ignore[no-untyped-call]
        if getattr(context, "babel_translations", None) is None:
            context.babel_translations = super().get_translations()  # type: ignore[no-untyped-call]
        return context.babel_translations


class Translator(Babel):
    @cached_property
    def domain_instance(self) -> Domain:
        return KeptTranslations(domain=self.domain)  # type: ignore[no-untyped-call]


babel = Translator()  # type: ignore[no-untyped-call]
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", headers_enabled=True)
login_manager = LoginManager()
