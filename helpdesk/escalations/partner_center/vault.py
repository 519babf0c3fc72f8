"""The row of the connection: its tokens under seal, and how the talk with the vendor went.

``keep`` commits by itself: a token that the vendor has just replaced must not hang on what its caller does next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.clock import now
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.partner_center.errors import NotConnected
from helpdesk.escalations.partner_center.models import VendorConnection
from helpdesk.escalations.partner_center.sealing import Unreadable, seal, unseal
from helpdesk.escalations.partner_center.tokens import Tokens
from helpdesk.phrases import N_

_ROW = 1
_NO_TROUBLE: Mapping[str, Any] = {"quiet_until": None, "failed_at": None, "failing_since": None, "last_error": ""}


class Vault:
    """Keeps the tokens in the database under ``keys``."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys

    def load(self) -> Tokens | None:
        sealed = db.session.scalar(sa.select(VendorConnection.sealed).where(VendorConnection.id == _ROW))
        return _open(sealed, self._keys) if sealed else None

    def keep(self, tokens: Tokens, bought_with: str) -> bool:
        with unit_of_work():
            row = sa.select(VendorConnection.sealed).where(VendorConnection.id == _ROW).with_for_update()
            sealed = db.session.scalar(row)
            if not sealed or _open(sealed, self._keys).refresh != bought_with:
                return False
            write(sealed=seal(tokens.to_json(), self._keys), renewed_at=now())
            return True


def _open(sealed: str, keys: Sequence[str]) -> Tokens:
    try:
        return Tokens.of_json(unseal(sealed, keys))
    except (Unreadable, json.JSONDecodeError) as error:
        sentence = N_("HELPDESK_VENDOR_KEY does not open what is stored. Run `helpdesk vendor connect`.")
        raise NotConnected(sentence) from error


def connect(refresh_token: str, config: Mapping[str, Any], at: datetime) -> None:
    """Begin anew with a refresh token that a person got by consenting. Runs in the caller's unit of work.

    Raises Invalid naming the field ``token``.
    """
    token = "".join(refresh_token.split())  # a long one is easily pasted in several lines
    if not token:
        raise Invalid(_("Paste the refresh token."), "token")
    if not config["VENDOR_KEYS"]:
        raise Invalid(_("HELPDESK_VENDOR_KEY is not set: the token could not be kept safely."), "token")
    sealed = seal(Tokens(token).to_json(), config["VENDOR_KEYS"])
    write(sealed=sealed, consented_at=at, renewed_at=None, answered_at=None, **_NO_TROUBLE)


def disconnect() -> None:
    """Forget the tokens. Runs in the caller's unit of work."""
    write(sealed="", consented_at=None, renewed_at=None, answered_at=None, **_NO_TROUBLE)


def connection() -> VendorConnection | None:
    """The row as it is now; None before the first connection."""
    return db.session.get(VendorConnection, _ROW, populate_existing=True)


def quiet_until() -> datetime | None:
    """Until when the vendor wants to hear nothing."""
    return db.session.scalar(sa.select(VendorConnection.quiet_until).where(VendorConnection.id == _ROW))


def survey_is_due(at: datetime) -> bool:
    """Whether the vendor's list should be read now."""
    due = sa.select(VendorConnection.id).where(*_due_for_survey(at))
    return db.session.scalar(due) is not None


def claim_survey(at: datetime, until: datetime) -> bool:
    """Take the reading of the vendor's list, which nobody else begins before ``until``; False when others have it."""
    mine = sa.update(VendorConnection).where(*_due_for_survey(at)).values(next_survey_at=until)
    mine = mine.execution_options(synchronize_session=False)
    return db.session.scalar(mine.returning(VendorConnection.id)) is not None


def _due_for_survey(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    is_due = sa.or_(VendorConnection.next_survey_at.is_(None), VendorConnection.next_survey_at <= at)
    return VendorConnection.id == _ROW, VendorConnection.sealed != "", is_due


def write(**values: Any) -> None:
    """Set columns of the row, which is made when missing. Runs in the caller's unit of work."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    new = {"id": _ROW, "sealed": "", "last_error": ""} | values
    statement = insert(VendorConnection).values(**new)
    db.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
