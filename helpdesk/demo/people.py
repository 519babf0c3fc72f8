"""Who lives in the demo world: the desk's staff and twenty-five customers in three time zones."""

from __future__ import annotations

from typing import NamedTuple

from workflows.vocabulary import Role, Service


class Colleague(NamedTuple):
    email: str
    name: str
    roles: tuple[Role, ...]


STAFF = (
    Colleague("ana@desk.example", "Ana Kovács", (Role.AGENT,)),
    Colleague("lea@desk.example", "Lea Horváth", (Role.LEAD,)),
    Colleague("max@desk.example", "Max Berger", (Role.MANAGER,)),
    Colleague("bill@desk.example", "Bill Farkas", (Role.BILLING_ADMIN,)),
    Colleague("adam@desk.example", "Adam Szabó", (Role.ADMIN,)),
    Colleague("bence@desk.example", "Bence Takács", (Role.AGENT,)),
    Colleague("marek@desk.example", "Marek Novák", (Role.AGENT,)),
    Colleague("eszter@desk.example", "Eszter Nagy", (Role.AGENT,)),
    Colleague("petra@desk.example", "Petra Hegedűs", (Role.AGENT, Role.SALES_AGENT)),
    Colleague("gabor@desk.example", "Gábor Lukács", (Role.AGENT, Role.LEAD)),
)
ON_CALL = ("bence@desk.example", "marek@desk.example", "eszter@desk.example", "gabor@desk.example")
"""Who takes turns on call, a week each, handed over on Mondays at nine."""
OFFICE_HOURS = ("Leads and managers", [("09:00", "17:00")], ("lea@desk.example", "max@desk.example"))
"""A calendar with its hours from Monday to Friday, and whose working hours it is; the others work the desk's."""
PRINTED = STAFF[:5]
"""The accounts that `make run` prints, one for each way of working."""


class Company(NamedTuple):
    """A customer; ``people`` are names of contacts, whose addresses follow from ``domain``."""

    name: str
    domain: str
    country: str
    timezone: str
    language: str
    is_plus: bool
    services: tuple[Service, ...]
    people: tuple[str, ...]


_HU, _UK, _FI = "Europe/Budapest", "Europe/London", "Europe/Helsinki"
_M, _A, _D = Service.MICROSOFT365, Service.AZURE, Service.DYNAMICS365

COMPANIES = (
    Company("Alpina Logistics Kft.", "alpina.example", "HU", _HU, "en", True, (_M, _A), ("Rita Fehér", "Zoltán Varga")),
    Company("Pannon Solar Kft.", "pannonsolar.example", "HU", _HU, "hu", True, (_M, _D), ("Judit Balla", "Márk Oláh")),
    Company("Hotel Zsófia", "hotelzsofia.example", "HU", _HU, "hu", False, (_M,), ("Zsófia Pintér",)),
    Company("Tisza Bau Kft.", "tiszabau.example", "HU", _HU, "hu", False, (_M,), ("Károly Bíró", "Nóra Vass")),
    Company(
        "Marták Gépgyár Zrt.", "martak.example", "HU", _HU, "hu", True, (_M, _A, _D), ("István Marták", "Éva Szűcs")
    ),
    Company("Sárvár Thermal Resort", "sarvarthermal.example", "HU", _HU, "hu", False, (_M,), ("Anikó Bodnár",)),
    Company("Bárány és Társa Ügyvédi Iroda", "baranylaw.example", "HU", _HU, "hu", False, (_M,), ("Dr. Bárány Péter",)),
    Company("Balaton Yacht Club", "balatonyacht.example", "HU", _HU, "hu", False, (_M,), ("Tamás Rácz",)),
    Company("Kék Tó Pékség Kft.", "kektopek.example", "HU", _HU, "hu", False, (_M,), ("Ilona Kerekes",)),
    Company("Vérmező Gimnázium", "vermezo.example", "HU", _HU, "hu", False, (_M,), ("Gergely Antal", "Réka Simon")),
    Company("Duna Fém Nyrt.", "dunafem.example", "HU", _HU, "hu", True, (_A, _M), ("András Mészáros", "Kinga Fodor")),
    Company("Mecsek Medical Center", "mecsekmed.example", "HU", _HU, "en", True, (_M, _A), ("Dr. Hanna Weiss",)),
    Company("Zala Erdészet", "zalaerdo.example", "HU", _HU, "hu", False, (_M,), ("Ferenc Boros",)),
    Company(
        "Lipa Pharma d.o.o.", "lipapharma.example", "SI", _HU, "en", True, (_A, _D, _M), ("Maja Zupan", "Luka Kos")
    ),
    Company("Helvetia Treuhand AG", "helvetia-treuhand.example", "CH", _HU, "en", True, (_M, _A), ("Ursina Caduff",)),
    Company("Adria Freight d.o.o.", "adriafreight.example", "HR", _HU, "en", False, (_M,), ("Ivana Perić",)),
    Company(
        "Orchard Dental Group", "orcharddental.example", "GB", _UK, "en", True, (_A, _M), ("Priya Shah", "Tom Ellis")
    ),
    Company("Riverside Housing Trust", "riversidehousing.example", "GB", _UK, "en", False, (_M,), ("Grace Okafor",)),
    Company("Oakfield Brokers Ltd", "oakfield.example", "GB", _UK, "en", True, (_A,), ("Simon Hale", "Beth Carr")),
    Company("Tidewater Ferries plc", "tidewater.example", "GB", _UK, "en", False, (_M, _D), ("Morag Reid",)),
    Company("Whitfield Seeds", "whitfieldseeds.example", "GB", _UK, "en", False, (_M,), ("Joan Whitfield",)),
    Company("Nordlys Fisheries AS", "nordlys.example", "NO", _HU, "en", True, (_A, _M), ("Ingrid Solheim",)),
    Company("Saimaa Timber Oy", "saimaatimber.example", "FI", _FI, "en", False, (_M, _A), ("Aino Korhonen",)),
    Company("Aurora Clinics Oy", "auroraclinics.example", "FI", _FI, "en", True, (_M,), ("Eero Laine", "Sanna Virta")),
    Company("Baltic Print House", "balticprint.example", "EE", _FI, "en", False, (_M, _D), ("Kristjan Tamm",)),
)
