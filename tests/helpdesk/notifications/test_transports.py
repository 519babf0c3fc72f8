"""How mails travel, against a real socket."""

from __future__ import annotations

import socket
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from structlog.testing import capture_logs

from helpdesk import logs
from helpdesk.errors import TransportError
from helpdesk.notifications.letters import Letter
from helpdesk.notifications.transports import Console, Smtp, Unreachable, of_config
from tests.helpdesk.notifications.mailserver import MailServer


def letter(to: str = "rita@alpina.example") -> Letter:
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"], mail["Subject"] = "support@desk.example", to, "[#1042] Jelszó"
    mail["Message-ID"] = "<1@desk.example>"
    mail.set_content("Itt látja:\nhttps://desk.example/track/7Hq-secret\n.\nVége\n")
    return Letter(mail, secrets=("/track/7Hq-secret",))


def test_smtp_hands_the_letter_over_whole() -> None:
    with MailServer() as server:
        line = Smtp(server.url)
        line.send(letter())
        line.send(letter("max@alpina.example"))
        line.close()
        line.close()
    assert [mail["To"] for mail in server.mails] == ["rita@alpina.example", "max@alpina.example"]
    text = server.mails[0].get_content().replace("\r\n", "\n")
    assert text == "Itt látja:\nhttps://desk.example/track/7Hq-secret\n.\nVége\n"
    assert server.mails[0]["Subject"] == "[#1042] Jelszó"
    assert server.connections == 1, "one connection carries all"


@pytest.mark.parametrize(
    ("verb", "answer", "is_permanent"),
    [
        ("rcpt", "450 mailbox busy", False),
        ("rcpt", "550 no such mailbox", True),
        ("end", "451 try later", False),
        ("end", "554 we don't like it", True),
    ],
)
def test_a_refused_letter_says_whether_to_try_again(verb: str, answer: str, is_permanent: bool) -> None:
    with MailServer(**{verb: lambda _line: answer}) as server:
        line = Smtp(server.url)
        with pytest.raises(TransportError) as caught:
            line.send(letter())
        assert not isinstance(caught.value, Unreachable)
        assert caught.value.permanent is is_permanent
        assert caught.value.sentence == f"The mail server answered {answer}"
        server.answers.clear()
        line.send(letter())
        line.close()
    assert len(server.mails) == 1, "the next letter is not harmed"
    assert server.connections == 1


@pytest.mark.parametrize(("verb", "answer"), [("mail", "550 not you"), ("ehlo", "hang up"), ("mail", "421 leaving")])
def test_trouble_with_the_server_is_no_letters_fault(verb: str, answer: str) -> None:
    with MailServer(**{verb: lambda _line: answer}) as server:
        line = Smtp(server.url)
        with pytest.raises(Unreachable) as caught:
            line.send(letter())
        assert caught.value.permanent is False
        server.answers.clear()
        line.send(letter())
        line.close()
    assert len(server.mails) == 1, "it connects again by itself"


@pytest.mark.parametrize("verb", ["data", "end"])
def test_a_letter_at_which_the_server_hangs_up_is_charged_and_the_next_one_goes(verb: str) -> None:
    with MailServer(**{verb: lambda _line: "hang up"}) as server:
        line = Smtp(server.url)
        with pytest.raises(TransportError) as caught:
            line.send(letter())
        assert not isinstance(caught.value, Unreachable)
        assert caught.value.permanent is False
        server.answers.clear()
        line.send(letter())
        line.close()
    assert (len(server.mails), server.connections) == (1, 2)


def test_a_letter_that_is_too_large_is_no_trouble_with_our_address() -> None:
    with MailServer(mail=lambda _line: "552 too large") as server:
        line = Smtp(server.url)
        with pytest.raises(TransportError, match="552") as caught:
            line.send(letter())
        line.close()
    assert caught.value.permanent


def test_a_server_that_leaves_with_a_refusal_is_called_again() -> None:
    with MailServer(rcpt=lambda _line: "421 too many") as server:
        line = Smtp(server.url)
        with pytest.raises(TransportError):
            line.send(letter())
        server.answers.clear()
        line.send(letter())
        line.close()
    assert (len(server.mails), server.connections) == (1, 2)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="can’t be reached"):
        Smtp(f"smtp://127.0.0.1:{port}").send(letter())


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = Smtp(f"smtp://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(Unreachable, match="timed out"):
            line.send(letter())


def test_a_refused_sign_in_is_a_setting_and_never_the_letters_end() -> None:
    with MailServer(ehlo=lambda _line: "250-here\r\n250 AUTH PLAIN", auth=lambda _line: "535 wrong") as server:
        url = server.url.replace("//", "//desk:s%40crt@")
        with pytest.raises(Unreachable, match="535 wrong") as caught:
            Smtp(url).send(letter())
    assert "s@crt" not in str(caught.value)


def test_a_password_never_travels_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(socket, "create_connection", _to_localhost(socket.create_connection))
    with MailServer(auth=lambda line: said.append(line)) as server:
        url = server.url.replace("127.0.0.1", "mail.desk.example").replace("//", "//desk:secret@")
        with pytest.raises(Unreachable, match="no TLS"):
            Smtp(url).send(letter())
    assert said == []


def _to_localhost(connect):  # type: ignore[no-untyped-def]
    return lambda address, *rest, **named: connect(("127.0.0.1", address[1]), *rest, **named)


def test_the_console_prints_the_mail_but_no_secret() -> None:
    with capture_logs() as lines:
        Console().send(letter())
    assert lines[0]["to"] == "rita@alpina.example"
    assert "Itt látja:\nhttps://desk.example/***\n" in lines[0]["text"]
    assert "7Hq-secret" not in repr(lines)


def test_the_configuration_chooses() -> None:
    assert isinstance(of_config({"SMTP_URL": None}), Console)
    assert isinstance(of_config({"SMTP_URL": "smtp://mail.desk.example"}), Smtp)


@pytest.mark.parametrize("path", ["/track/7Hq-secret", "/account/invitation/7Hq-secret"])
def test_no_log_line_shows_such_a_link_even_by_accident(path: str) -> None:
    line = logs._hide_secrets(None, "info", {"event": "request", "path": f"GET {path}?lang=hu HTTP/1.1"})
    assert "7Hq-secret" not in line["path"]
    assert line["path"].endswith("/***?lang=hu HTTP/1.1")
