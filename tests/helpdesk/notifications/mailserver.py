"""A tiny SMTP server on a socket: enough of RFC 5321 to take letters, and to refuse them on request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import BinaryIO, Self

Answer = Callable[[str], str | None]


class MailServer:
    """Keeps what it takes in ``mails``. ``answers`` maps a verb (or "." for the end of a letter) to a function
    of the line that gives another answer than the usual one; None keeps the usual, "hang up" closes the line."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.mails: list[EmailMessage] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"

    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with suppress(ConnectionError), line, line.makefile("rwb") as stream:  # a sender may be killed in mid-letter
            self._say(stream, "220 ready")
            for raw in iter(stream.readline, b""):
                text = raw.decode().strip()
                verb = text.partition(" ")[0].lower()
                answer = self._answer(verb, text, stream)
                if answer == "hang up":
                    return
                self._say(stream, answer)
                if verb == "quit":
                    return

    def _answer(self, verb: str, text: str, stream: BinaryIO) -> str:
        asked = self.answers.get(verb, lambda _line: None)(text)
        if asked is not None:
            return asked
        if verb == "data":
            self._say(stream, "354 go on")
            return self._take(stream)
        return {"ehlo": "250-here\r\n250 8BITMIME", "quit": "221 bye"}.get(verb, "250 fine")

    def _take(self, stream: BinaryIO) -> str:
        lines: list[bytes] = []
        while (raw := stream.readline()) not in (b".\r\n", b""):
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        asked = self.answers.get("end", lambda _line: None)("")
        if asked is not None:
            return asked
        mail = message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    @staticmethod
    def _say(stream: BinaryIO, text: str) -> None:
        stream.write(f"{text}\r\n".encode())
        stream.flush()
