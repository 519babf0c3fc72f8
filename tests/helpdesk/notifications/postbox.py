"""A transport that keeps what it is given."""

from __future__ import annotations

from helpdesk.notifications.letters import Letter


class Postbox:
    """Keeps letters; each ``trouble`` is raised once, instead of taking the letter."""

    def __init__(self, *trouble: BaseException) -> None:
        self.letters: list[Letter] = []
        self.trouble = list(trouble)

    def send(self, letter: Letter) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.letters.append(letter)

    def close(self) -> None:
        pass

    def message_ids(self) -> list[str]:
        return [str(letter.mail["Message-ID"]) for letter in self.letters]

    def subjects_to(self, address: str) -> list[str]:
        return [str(letter.mail["Subject"]) for letter in self.letters if letter.mail["To"] == address]
