"""Finding the person behind an address, or writing them down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.customers.models import Contact
from helpdesk.database import db, is_sqlite


def find_or_add_contact(email: str, name: str, language: str, now: datetime, phone: str | None = None) -> Contact:
    """The contact with this address, added when new; safe when two requests bring the same new address.

    A known contact keeps their name: a form that anybody can fill in must not rename people.
    """
    email = email.strip().lower()
    contact = _by_email(email)
    if contact is None:
        row = {"email": email, "name": name.strip(), "language": language, "phone": phone, "created_at": now}
        insert: Any = sqlite.insert(Contact) if is_sqlite() else postgresql.insert(Contact)
        written = insert.values(row).on_conflict_do_nothing(index_elements=["email"]).returning(Contact)
        contact = db.session.scalars(written).one_or_none() or _by_email(email)
        assert contact is not None
    return contact


def _by_email(email: str) -> Contact | None:
    return db.session.scalars(sa.select(Contact).where(Contact.email == email)).one_or_none()
