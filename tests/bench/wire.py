"""A small HTTP/1.1 client on bare sockets: it must not take the processor away from what it measures."""

from __future__ import annotations

import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\s]+)=([^;\r]*)", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        found = re.search(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return found.group(1).decode() if found else ""

    @property
    def token(self) -> str:
        """The CSRF token of the page's first form."""
        found = _TOKEN.search(self.body)
        if found is None:
            raise LookupError(f"no form with a token on a page of status {self.status}")
        return found.group(1).decode()


class Browser:
    """One visitor: a kept connection and the cookies the server gave."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._cookies: dict[bytes, bytes] = {}

    def get(self, path: str) -> Answer:
        return self._ask(f"GET {path} HTTP/1.1\r\n".encode(), b"")

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        body = urlencode(fields).encode()
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % len(body)
        return self._ask(f"POST {path} HTTP/1.1\r\n".encode() + form, body)

    def sign_in(self, email: str, password: str) -> None:
        """Raises RuntimeError when the desk does not let them in."""
        token = self.get("/login").token
        answer = self.post("/login", {"email": email, "password": password, "csrf_token": token})
        if answer.status not in (302, 303):
            raise RuntimeError(f"{email} can't sign in: {answer.status}")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, head: bytes, body: bytes) -> Answer:
        cookies = b"; ".join(b"%s=%s" % pair for pair in self._cookies.items())
        rest = b"Host: 127.0.0.1:%d\r\nAccept: text/html\r\nAccept-Language: en\r\n" % self._port
        request = head + rest + (b"Cookie: " + cookies + b"\r\n" if cookies else b"") + b"\r\n" + body
        fresh = self._socket is None
        try:
            return self._exchange(request)
        except (ConnectionError, BrokenPipeError):
            self.close()
            if fresh:
                raise
            return self._exchange(request)  # the server had closed a kept connection

    def _exchange(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        answer = self._read(self._socket)
        for name, value in _COOKIE.findall(answer.head):
            self._cookies[name] = value
        if b"\r\nconnection: close" in answer.head.lower():
            self.close()
        return answer

    def _read(self, line: socket.socket) -> Answer:
        got = b""
        while b"\r\n\r\n" not in got:
            got += _some(line)
        head, _blank, body = got.partition(b"\r\n\r\n")
        if found := _LENGTH.search(head):
            length = int(found.group(1))
            parts, have = [body], len(body)
            while have < length:
                parts.append(_some(line))
                have += len(parts[-1])
            body = b"".join(parts)
        elif _CHUNKED.search(head):
            while not body.endswith(b"0\r\n\r\n"):
                body += _some(line)
            body = _unchunked(body)
        status = _STATUS.match(head)
        if status is None:
            raise ConnectionError("no HTTP answer")
        return Answer(int(status.group(1)), head, body)


def _some(line: socket.socket) -> bytes:
    got = line.recv(262_144)
    if not got:
        raise ConnectionError("the server closed the connection")
    return got


def _unchunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    while body:
        size, _end, rest = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        body = rest[length + 2 :] if length else b""
    return b"".join(parts)


# measuring --------------------------------------------------------------------------------------------------

Ask = Callable[[int], Answer]
"""Sends the n-th request of a client and returns its answer."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds of one client's requests, one after the other."""

    median: float
    p95: float


def delays(ask: Ask, times: int, warm: int = 20, expect: int = 200) -> Delays:
    """Time ``ask``. Raises RuntimeError at an unexpected status: an error page would be quick."""
    taken: list[float] = []
    for number in range(warm + times):
        began = time.perf_counter()
        _check(ask(number), expect)
        taken.append((time.perf_counter() - began) * 1000)
    return of_times(taken[warm:])


def of_times(taken: Sequence[float]) -> Delays:
    return Delays(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def rate(clients: Sequence[Ask], seconds: float, warm: float = 2.0, expect: int = 303) -> float:
    """Answers a second that all ``clients`` together got in ``seconds``, after ``warm`` seconds of running in.

    Raises the first error of any client.
    """
    begin = time.perf_counter() + warm
    counts = [0] * len(clients)
    errors: list[BaseException] = []

    def work(which: int) -> None:
        number = 0
        try:
            while (at := time.perf_counter()) < begin + seconds and not errors:
                _check(clients[which](number), expect)
                number += 1
                counts[which] += at >= begin
        except BaseException as error:
            errors.append(error)

    _together([partial(work, which) for which in range(len(clients))])
    if errors:
        raise errors[0]
    return sum(counts) / (time.perf_counter() - begin)


def run(clients: Sequence[Ask], requests: int, expect: int = 200) -> None:
    """Send so many requests in all, every client its share."""
    share = requests // len(clients)
    errors: list[BaseException] = []

    def work(client: Ask) -> None:
        try:
            for number in range(share):
                _check(client(number), expect)
        except BaseException as error:
            errors.append(error)

    _together([partial(work, client) for client in clients])
    if errors:
        raise errors[0]


def _together(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _check(answer: Answer, expect: int) -> None:
    if answer.status != expect:
        raise RuntimeError(f"status {answer.status} instead of {expect}: {answer.body[:300]!r}")
