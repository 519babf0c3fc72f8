"""The way of a billing ticket. Read a line as: from, trigger, to, who may, when, what is asked."""

from typing import Final

from workflows.asks import (
    left_open_reason,
    merge_target,
    reopen_reason,
    resolution_code,
    resolution_note,
    return_reason,
    turn_away_reason,
    withdraw_reason,
)
from workflows.guards import (
    asked_or_waited,
    commercial_is_open,
    commercial_pack_is_complete,
    confirmed_or_quiet,
    customer_is_confirmed,
    diagnosis_is_complete,
    no_child_is_open,
    reopening_is_in_time,
    somebody_has_it,
    ticket_is_classified,
)
from workflows.table import ANY_PERSON, ANYBODY, CONTACT_OR_TIME, DESK, DESK_OR_LADDER, Row, Table
from workflows.vocabulary import State
from workflows.vocabulary import Trigger as Do

INTAKE = State.INTAKE
DIAGNOSIS = State.DIAGNOSIS
RESOLUTION = State.PARTNER_RESOLUTION
COMMERCIAL = State.ESCALATED_COMMERCIAL
RESOLVED = State.RESOLVED
CLOSED = State.CLOSED
TURNED_AWAY = State.TURNED_AWAY
MERGED = State.MERGED

OWN = (DIAGNOSIS, RESOLUTION)
WORKED = (*OWN, COMMERCIAL)
OPEN = (INTAKE, *WORKED)

START = (customer_is_confirmed, ticket_is_classified, somebody_has_it)
ESCALATE = (commercial_is_open, commercial_pack_is_complete)
ASKED = (asked_or_waited,)
SOLUTION = (resolution_code, resolution_note, left_open_reason)

# fmt: off
TABLE: Final[Table] = (
    Row((INTAKE,),    Do.START_DIAGNOSIS,        DIAGNOSIS,   DESK, START),
    Row((INTAKE,),    Do.TURN_AWAY,              TURNED_AWAY, DESK, (), (turn_away_reason,)),
    Row((DIAGNOSIS,), Do.START_RESOLUTION,       RESOLUTION,  DESK, (diagnosis_is_complete,)),
    Row(OWN,          Do.ESCALATE_TO_COMMERCIAL, COMMERCIAL,  DESK_OR_LADDER, ESCALATE),
    Row((COMMERCIAL,), Do.RETURN_TO_PARTNER,      RESOLUTION,  DESK, (), (return_reason,)),
    Row(WORKED,       Do.RESOLVE,                RESOLVED,    DESK, (no_child_is_open,), SOLUTION),
    Row((RESOLVED,),  Do.CLOSE,                  CLOSED,      CONTACT_OR_TIME, (confirmed_or_quiet,)),
    Row((RESOLVED,),  Do.REOPEN,                 DIAGNOSIS,   ANY_PERSON, (), (reopen_reason,)),
    Row((CLOSED,),    Do.REOPEN,                 DIAGNOSIS,   DESK, (reopening_is_in_time,)),
    Row((TURNED_AWAY,), Do.REOPEN,                 INTAKE,      DESK, (reopening_is_in_time,)),
    Row(OPEN,         Do.WITHDRAW,               CLOSED,      ANYBODY, ASKED, (withdraw_reason,)),
    Row(OPEN,         Do.MERGE,                  MERGED,      DESK, (), (merge_target,)),
)
# fmt: on
