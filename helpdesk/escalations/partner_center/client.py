"""One HTTP conversation with Partner Center: headers, timeouts, retries, and errors that say what they mean.

A read is tried again by itself. A write is tried again only when it surely did not happen; else Unsure is
raised, and the caller looks at what is there before it sends again, under the same MS-RequestId.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from helpdesk.clock import now
from helpdesk.escalations.partner_center.answers import Answer, content_of
from helpdesk.escalations.partner_center.errors import Away, Garbled, Throttled, Unsure
from helpdesk.escalations.partner_center.reading import Fields
from helpdesk.escalations.partner_center.tokens import Registration, SignIn, TokenKeeper
from helpdesk.phrases import N_

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
WHOLE_ANSWER = 60.0
"""Seconds for the whole of an answer: a body that drips must not hold a job for ever."""

LARGEST_ANSWER = 16 * 1024 * 1024
TRIES = 3
FIRST_WAIT = 0.5
PATIENCE = 5.0
"""Seconds we wait inside a call when the vendor asks for quiet; longer, and everybody is put off instead."""


HASTE: Mapping[str, Any] = {"timeout": httpx.Timeout(8.0, connect=4.0), "whole_answer": 12.0, "tries": 1}
"""For a person who waits: one try, which is over in seconds."""


class Client:
    """Authenticated GET and PATCH under the registration's ``api_url``; not shared between threads.

    ``timeout`` is per read and write, ``whole_answer`` in seconds; ``sleep`` takes seconds.
    """

    def __init__(
        self,
        registration: Registration,
        keeper: TokenKeeper,
        *,
        timeout: httpx.Timeout = TIMEOUT,
        whole_answer: float = WHOLE_ANSWER,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = registration.api_url.rstrip("/")
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)
        self._sign_in = SignIn(registration, keeper, self._post_form)
        self._whole_answer = whole_answer
        self._tries = tries
        self._sleep = sleep

    def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Fields:
        """Read a resource. Raises VendorError."""
        return self._call("GET", path, str(uuid.uuid4()), params=params, headers=headers or {})

    def patch(self, path: str, body: Mapping[str, Any], request_id: str) -> Fields:
        """Change a resource. ``request_id`` makes it one change however often it is sent. Raises VendorError."""
        return self._call("PATCH", path, request_id, json=body, headers={})

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, request_id: str, *, headers: Mapping[str, str], **content: Any) -> Fields:
        refused = ""
        tries = 0
        while True:
            tries += 1
            try:
                token = self._sign_in.access_token(refused)
                sent = {**self._headers(token, request_id), **headers}
                answer = self._send(method, f"{self.base}{path}", headers=sent, **content)
                if answer.status == 401 and not refused:  # ended early, or by the vendor's clock
                    refused = token
                    continue
                return content_of(answer, is_write=method != "GET", now=now())
            except (Away, Garbled) as error:
                wait = _wait(error, tries) if tries < self._tries else None
                if wait is None:
                    raise
                self._sleep(wait)

    def _headers(self, token: str, request_id: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "MS-RequestId": request_id,
            "MS-CorrelationId": str(uuid.uuid4()),
            "MS-Contract-Version": "v1",
            "MS-PartnerCenter-Application": "Helpdesk",
            "X-Locale": "en-US",
        }

    def _post_form(self, url: str, form: Mapping[str, str]) -> Answer:
        try:
            return self._send("POST", url, data=dict(form))
        except Unsure as error:  # buying a token twice does no harm
            raise Away(error.phrase.template, **error.phrase.about) from error

    def _send(self, method: str, url: str, **content: Any) -> Answer:
        """Raises Away when it never left, or was a read; Unsure when a write may have arrived."""
        until = time.monotonic() + self._whole_answer
        try:
            with self._http.stream(method, url, **content) as response:
                body = _drain(response, until)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Away(N_("Partner Center can’t be reached (%(why)s)."), why=type(error).__name__) from error
        except httpx.HTTPError as error:
            kind = Away if method == "GET" else Unsure
            raise kind(N_("Partner Center did not answer (%(why)s)."), why=type(error).__name__) from error


def _drain(response: httpx.Response, until: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if time.monotonic() > until or len(body) > LARGEST_ANSWER:
            raise httpx.ReadTimeout("the answer never ends")
    return bytes(body)


def _wait(error: Away | Garbled, tries: int) -> float | None:
    """Seconds until the next try; None when the caller should hear of it now."""
    if isinstance(error, Throttled):
        return error.retry_after if error.retry_after <= PATIENCE else None
    return FIRST_WAIT * 2.0 ** (tries - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - so that callers part, no secret
