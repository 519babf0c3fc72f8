"""Finding a ticket through the person: whoever may not see tickets gets 404, whether it exists or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask_babel import gettext as _
from flask_login import login_required

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person_may
from helpdesk.errors import NotFound

P = ParamSpec("P")
R = TypeVar("R")


def sees_tickets(view: Callable[P, R]) -> Callable[P, R]:
    """Guard a page of tickets: strangers sign in first, people without the right find nothing here."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not person_may(Permission.SEE_TICKETS):
            raise NotFound(_("There is nothing here."))
        return view(*args, **kwargs)

    return cast("Callable[P, R]", login_required(guarded))
