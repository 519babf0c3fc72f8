"""The form of a review."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field
from wtforms.validators import ValidationError

from helpdesk.sla.reviews import LONGEST_COMMENT, Finding
from helpdesk.web.forms import Form, one_word, paragraph
from workflows.vocabulary import BreachCause


class ReviewForm(Form):
    cause = one_word(_l("Why it was missed"), lambda: BreachCause, none=_l("Choose a cause"))
    comment = paragraph(
        _l("What happened"),
        _l("A sentence or two that somebody can still understand in half a year."),
        longest=LONGEST_COMMENT,
        required=True,
    )
    action = paragraph(_l("What changes because of it"), _l("Empty when nothing does."), longest=LONGEST_COMMENT)
    is_acknowledged = BooleanField(
        _l("This settles it"),
        default=True,
        description=_l("Takes the breach off the list. Leave it open while something is still to be found out."),
    )

    def validate_cause(self, field: Field) -> None:
        if field.data is None:
            raise ValidationError(str(_l("Choose why it was missed.")))

    @property
    def finding(self) -> Finding:
        """What was said, of a form that was accepted."""
        return Finding(self.cause.data, self.comment.data, self.action.data, self.is_acknowledged.data)
