"""What the timeline says of the way to the vendor: escalations, packs, cases, notes and outages."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.tickets.sentence_words import Names, Particulars, Sentence, plain, word
from workflows.vocabulary import (
    AttachmentVerdict,
    ChannelKind,
    EventKind,
    PackItem,
    ReturnReason,
    Severity,
    VendorCaseState,
)


def _escalated(p: Particulars, _names: Names) -> str:
    channel = word(ChannelKind, p.get("channel"))
    if p.get("reason"):  # asked for on the way from one tier to another
        return _("escalated it to Microsoft: %(channel)s. %(reason)s", channel=channel, reason=p["reason"])
    return _("escalated it to Microsoft: %(channel)s", channel=channel)


def _returned(p: Particulars, _names: Names) -> str:
    return _("took it back from Microsoft: %(reason)s", reason=word(ReturnReason, p.get("reason")))


def _guard_overridden(p: Particulars, _names: Names) -> str:
    is_pack, reason = p.get("guard") == "pack", p.get("reason", "")
    if not reason:
        return _("no longer lets the escalation pack go incomplete")
    if is_pack:
        return _("lets the escalation pack go incomplete: %(reason)s", reason=reason)
    return _("overrode the boundary: %(reason)s", reason=reason)


def _pack_recorded(p: Particulars, _names: Names) -> str:
    items = ", ".join(word(PackItem, item) for item in p.get("items", ()))
    return _("filled in the escalation pack: %(items)s", items=items) if items else _("looked over the escalation pack")


def _attachment_checked(p: Particulars, _names: Names) -> str:
    return _("checked an attachment: %(verdict)s", verdict=word(AttachmentVerdict, p.get("verdict")))


def _case_opened(p: Particulars, _names: Names) -> str:
    words = {"channel": word(ChannelKind, p.get("channel")), "severity": word(Severity, p.get("severity"))}
    return _("began a case with Microsoft: %(channel)s, severity %(severity)s", **words)


def _number_recorded(p: Particulars, _names: Names) -> str:
    if p.get("was"):
        return _("corrected Microsoft’s number: %(number)s instead of %(was)s", number=p.get("number"), was=p["was"])
    return _("recorded Microsoft’s number %(number)s", number=p.get("number"))


def _vendor_noted(p: Particulars, _names: Names) -> str:
    if p.get("is_mirrored"):
        return _("brought in our note from Partner Center") if p.get("is_ours") else _("brought in Microsoft’s note")
    if p.get("asks_state"):
        return _("asked Microsoft to move the case: %(state)s", state=word(VendorCaseState, p["asks_state"]))
    if p.get("asks_severity"):
        return _("asked Microsoft for severity %(severity)s", severity=word(Severity, p["asks_severity"]))
    return _("wrote to Microsoft") if p.get("is_ours") else _("pasted what Microsoft wrote")


def _case_changed(p: Particulars, _names: Names) -> str:
    if "terms" in p and not p.get("severity"):
        return _("timed Microsoft’s case by the times it promises now")
    if p.get("resent"):
        return _("sent a note to Microsoft once more")
    if p.get("files"):
        return _("found files on Microsoft’s case: %(names)s", names=", ".join(p["files"]))
    if p.get("severity"):
        return _("changed the severity at Microsoft to %(severity)s", severity=word(Severity, p["severity"]))
    return _("moved Microsoft’s case: %(state)s", state=word(VendorCaseState, p.get("state")))


def _incident_linked(p: Particulars, _names: Names) -> str:
    number = p.get("number", "")
    if p.get("is_claim") and p.get("was"):
        words = {"incident": number, "number": p["was"]}
        return _("took over the claim for Microsoft’s incident %(incident)s from #%(number)s", **words)
    if p.get("is_claim"):
        return _("claims the credit for Microsoft’s incident %(number)s by it", number=number)
    return _("linked it with Microsoft’s incident %(number)s", number=number)


def _incident_unlinked(p: Particulars, _names: Names) -> str:
    if p.get("is_claim"):
        words = {"incident": p.get("number", ""), "number": p.get("to", "")}
        return _("handed the claim for Microsoft’s incident %(incident)s to #%(number)s", **words)
    return _("took it off Microsoft’s incident %(number)s", number=p.get("number", ""))


def _escalation_due(p: Particulars, _names: Names) -> str:
    missing = len(p.get("missing") or ())
    if len(p.get("open") or ()) > 1:
        return _("marked it as due for escalation: several channels are open, and somebody must choose")
    if not missing:
        return _("marked it as due for escalation")
    return ngettext(
        "marked it as due for escalation: one thing is missing",
        "marked it as due for escalation: %(num)s things are missing",
        missing,
    )


VENDOR_SENTENCES: Mapping[EventKind, Sentence] = {
    EventKind.ESCALATED: _escalated,
    EventKind.RETURNED_TO_PARTNER: _returned,
    EventKind.GUARD_OVERRIDDEN: _guard_overridden,
    EventKind.PACK_RECORDED: _pack_recorded,
    EventKind.ATTACHMENT_CHECKED: _attachment_checked,
    EventKind.VENDOR_CASE_OPENED: _case_opened,
    EventKind.VENDOR_NUMBER_RECORDED: _number_recorded,
    EventKind.VENDOR_NOTED: _vendor_noted,
    EventKind.VENDOR_CHASED: plain(lambda: _("reminded Microsoft")),
    EventKind.VENDOR_CASE_CHANGED: _case_changed,
    EventKind.INCIDENT_LINKED: _incident_linked,
    EventKind.INCIDENT_UNLINKED: _incident_unlinked,
    EventKind.ESCALATION_DUE: _escalation_due,
}
