"""Who plays in one ticket of the demo world, and the dice that decide how it goes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from helpdesk.accounts.actor import Actor
from helpdesk.customers.models import Contact, Customer
from helpdesk.demo import phrases
from helpdesk.demo.story import Story
from workflows.vocabulary import Kind

Life = Iterator[float]


@dataclass(frozen=True)
class Cast:
    """Who plays in one ticket, and the dice that decide how it goes."""

    story: Story
    customer: Customer
    contact: Contact
    agent: Actor
    lead: Actor
    topic_id: int
    details: dict[str, object]
    dice: random.Random

    def say(self, text: str) -> str:
        """The story's text with this ticket's number of people and place."""
        return text.format_map(self.details)

    def phrase(self, ways: phrases.Ways) -> str:
        return self.dice.choice(ways[self.story.language])

    def phrase_of_kind(self, ways: Mapping[Kind, phrases.Ways]) -> str:
        return self.phrase(ways[self.story.kind])

    def minutes(self, usual: float) -> float:
        """A believable duration around ``usual`` business minutes: mostly near it, sometimes far above."""
        return min(usual * self.dice.lognormvariate(0, 0.7), usual * 12)

    def happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    @property
    def person(self) -> Actor:
        return Actor.of_contact(self.contact.id, self.contact.name)
