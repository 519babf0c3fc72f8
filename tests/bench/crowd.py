"""More customers for a larger desk: branches of the town's, with people of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from helpdesk.customers.models import Contact, Customer, CustomerContact
from helpdesk.customers.names import fold
from helpdesk.database import db

CUSTOMERS_A_HUNDRED_TICKETS = 2


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of one customer; ``words`` are the folded names that search finds them by."""

    customer_id: int
    contact_id: int
    words: str


def add_branches(tickets: int) -> list[Person]:
    """Write as many customers as a desk of so many tickets has, and return their people."""
    models = list(db.session.scalars(sa.select(Customer).order_by(Customer.id)))
    contacts = {model.id: list(model.contacts) for model in models}
    customer_id, contact_id = _last(Customer), _last(Contact)
    firms: list[dict[str, Any]] = []
    faces: list[dict[str, Any]] = []
    people: list[Person] = []
    for number in range(max(tickets * CUSTOMERS_A_HUNDRED_TICKETS // 100, 1)):
        model, branch = models[number % len(models)], number // len(models) + 2
        customer_id += 1
        firms.append(_branch(model, customer_id, branch))
        for contact in contacts[model.id]:
            contact_id += 1
            email = contact.email.replace("@", f"@b{branch}.")
            faces.append({**_values(contact), "id": contact_id, "email": email})
            words = fold(f"{contact.name} {email} {firms[-1]['name']}")
            people.append(Person(customer_id, contact_id, words))
    db.session.execute(sa.insert(Customer), firms)
    db.session.execute(sa.insert(Contact), faces)
    links = [{"customer_id": one.customer_id, "contact_id": one.contact_id} for one in people]
    db.session.execute(sa.insert(CustomerContact), links)
    db.session.commit()
    return people


def _last(model: type[Customer] | type[Contact]) -> int:
    return db.session.scalar(sa.select(sa.func.max(model.id))) or 0


def _branch(model: Customer, customer_id: int, branch: int) -> dict[str, Any]:
    name = f"{model.name} {branch}"
    own = {"id": customer_id, "name": name, "search_name": fold(name), "domain": f"b{branch}.{model.domain}"}
    return {**_values(model), **own, "tenant_id": f"{customer_id:08x}-0000-4000-8000-{customer_id * 7919:012x}"}


def _values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in sa.inspect(row).mapper.column_attrs}
