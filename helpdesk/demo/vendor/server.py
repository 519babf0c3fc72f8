"""The stand-in's HTTP: tokens, headers, faults; what the addresses do stands in resources.py.

Everything is bound to this machine. ``with running() as vendor:`` serves on a free port.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from helpdesk.demo.vendor import portal
from helpdesk.demo.vendor.asked import Asked, Said, refuse
from helpdesk.demo.vendor.faults import Fault, Faults
from helpdesk.demo.vendor.resources import NEEDS_USER, answer
from helpdesk.demo.vendor.world import VendorWorld

DONE_FIRST = frozenset({Fault.ERROR_AFTER_WORK, Fault.GARBLED, Fault.LOST_ANSWER, Fault.SILENCE, Fault.SLOW_BODY})
TOKEN = re.compile(r"/([^/]+)/oauth2/token")


class VendorServer(ThreadingHTTPServer):
    """Serves ``world`` until it is shut down; ``faults`` decide what goes wrong on the way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: VendorWorld, faults: Faults, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.world = world
        self.faults = faults
        self.ending = threading.Event()
        self.seen: list[tuple[str, str, Mapping[str, str]]] = []  # method, path, headers: what a test may look at
        self.keeps = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is its own affair."""


@contextmanager
def running(world: VendorWorld | None = None, faults: Faults | None = None, port: int = 0) -> Iterator[VendorServer]:
    """A served stand-in, stopped when the block ends."""
    server = VendorServer(world or VendorWorld(), faults or Faults(), port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _HangUp(Exception):
    """The line breaks here."""


class _Conversation(BaseHTTPRequestHandler):
    server: VendorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._answer(sent)
        except (_HangUp, OSError):
            self.close_connection = True

    def _answer(self, sent: bytes) -> None:
        address = urlsplit(self.path)
        if address.path == portal.PATH and self.server.world.portal:
            self._show_portal(dict(parse_qsl(address.query)), sent)
            return
        if self.server.keeps:
            self.server.seen.append((self.command, self.path, dict(self.headers.items())))
        fault = self.server.faults.strike(self.command)
        if fault is Fault.SIGNED_OUT and TOKEN.fullmatch(address.path):
            fault = None  # nobody is signed in yet
        if fault is Fault.LOST_REQUEST:
            raise _HangUp
        said = None if fault in DONE_FIRST else _instead(fault, self.server.faults.retry_after)
        if said is None:
            said = self._act(unquote(address.path), dict(parse_qsl(address.query)), sent)
        self._say(said, fault)

    def _show_portal(self, query: Mapping[str, str], sent: bytes) -> None:
        is_form = self.command == "POST"
        world = self.server.world
        text = portal.create(world, dict(parse_qsl(sent.decode()))) if is_form else portal.show(query.get("tid", ""))
        page = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def _act(self, path: str, query: dict[str, str], sent: bytes) -> Said:
        world = self.server.world
        with world.lock:
            token = TOKEN.fullmatch(path)
            if token:
                return _sell(world, token[1], dict(parse_qsl(sent.decode())))
            wait = world.too_soon()
            if wait:
                return _too_often(wait)
            denied = _deny(world, self.headers.get("Authorization", ""), path)
            if denied is not None:
                return denied
            try:
                body = json.loads(sent) if sent else {}
            except ValueError:
                return refuse(400, "400", "The body is no JSON.")
            headers = {name.lower(): value for name, value in self.headers.items()}
            lowered = {str(key).lower(): value for key, value in body.items()}
            return answer(world, Asked(self.command, path, query, headers, lowered, body))

    def _say(self, said: Said, fault: Fault | None) -> None:
        if fault is Fault.LOST_ANSWER:
            raise _HangUp
        if fault is Fault.SILENCE:
            self.server.ending.wait(self.server.faults.hold)
            raise _HangUp
        if fault is Fault.ERROR_AFTER_WORK:
            said = refuse(503, "503", "The service is not available.")
        body = json.dumps(said.body).encode()
        if fault is Fault.GARBLED:
            body = body[: len(body) // 2]
        self._head(said, len(body))
        if fault is Fault.SLOW_BODY:
            self._drip(body)
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _head(self, said: Said, length: int) -> None:
        self.send_response(said.status)
        for name in ("MS-RequestId", "MS-CorrelationId"):
            if self.headers.get(name):
                self.send_header(name, self.headers[name])
        self.send_header("MS-CV", uuid.uuid4().hex[:16] + ".0")
        self.send_header("MS-ServerId", "stand-in")
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(length))
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, body: bytes) -> None:
        step = max(1, len(body) // 20)
        with suppress(OSError):
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                self.wfile.flush()
                self.server.ending.wait(self.server.faults.hold / 20)


def _instead(fault: Fault | None, retry_after: int) -> Said | None:
    """What is said without anything being done."""
    if fault is Fault.THROTTLED:
        return _too_often(retry_after)
    if fault is Fault.SERVER_ERROR:
        return refuse(500, "500", "An internal error occurred.")
    if fault is Fault.SIGNED_OUT:
        return refuse(401, "401", "The access token is not valid.")
    return None


def _too_often(wait: int) -> Said:
    sentence = f"Rate limit is exceeded. Try again in {wait} seconds."
    return Said(429, {"statusCode": 429, "message": sentence}, {"Retry-After": str(wait)})


def _deny(world: VendorWorld, authorization: str, path: str) -> Said | None:
    grant = world.grants.get(authorization.removeprefix("Bearer "))
    if grant is None or grant.expires_at <= world.clock():
        return refuse(401, "401", "The access token is not valid.")
    if grant.is_app_only and NEEDS_USER.fullmatch(path):
        return refuse(403, "403", "This needs a token of a signed-in user.")
    return None


def _sell(world: VendorWorld, tenant: str, form: Mapping[str, str]) -> Said:
    """The token endpoint. Numbers are strings there."""
    if tenant != world.tenant:
        return Said(400, {"error": "invalid_request", "error_description": "AADSTS90002: Tenant not found."})
    if (form.get("client_id"), form.get("client_secret")) != (world.client_id, world.client_secret):
        return Said(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."})
    life = {"token_type": "Bearer", "expires_in": "3600", "ext_expires_in": "3600"}
    if form.get("grant_type") == "client_credentials":
        return Said(200, life | {"access_token": world.grant(is_app_only=True)})
    sold = world.sell(form.get("refresh_token", "")) if form.get("grant_type") == "refresh_token" else None
    if sold is None:
        return Said(400, {"error": "invalid_grant", "error_description": "AADSTS70000: The grant is not valid."})
    access, refresh = sold
    return Said(200, life | {"scope": "user_impersonation", "access_token": access, "refresh_token": refresh})
