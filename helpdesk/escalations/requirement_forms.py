"""Forms of what an escalation pack must hold."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from helpdesk.web.forms import Form, line, one_word, several_words
from workflows.vocabulary import ChannelKind, Kind, PackItem, Service


class RequirementForm(Form):
    items = several_words(_l("Items"), lambda: PackItem)
    channels = several_words(_l("On these channels"), lambda: ChannelKind)
    kinds = several_words(_l("For these kinds"), lambda: Kind)
    services = several_words(_l("For these services"), lambda: Service)
    source = line(_l("Source"), _l("Who asks for it, so that it can be checked again."), longest=300)
    is_enabled = BooleanField(_l("In use"), description=_l("Switched off, it asks for nothing and is kept."))


class TrialForm(Form):
    """A question by GET; nothing is written."""

    class Meta(Form.Meta):
        csrf = False

    channel = one_word(_l("Channel"), lambda: ChannelKind)
    kind = one_word(_l("Kind"), lambda: Kind)
    service = one_word(_l("Service"), lambda: Service)

    def chosen(self) -> tuple[Any, Any, Any] | None:
        """Channel, kind and service when all three were asked for."""
        words = (self.channel.data, self.kind.data, self.service.data)
        sensible = (isinstance(words[0], ChannelKind), isinstance(words[1], Kind), isinstance(words[2], Service))
        return words if all(sensible) else None
