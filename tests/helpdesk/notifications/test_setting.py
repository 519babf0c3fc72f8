"""A mail server that can't be one stops the start, without showing the password in it."""

from __future__ import annotations

import pytest

import config


@pytest.mark.parametrize("url", ["mail.example.com:587", "http://mail.example.com", "smtp://", "smtp://:s3cret@"])
def test_nonsense_is_refused(url: str) -> None:
    with pytest.raises(config.ConfigurationError, match="HELPDESK_SMTP_URL") as caught:
        config.load({"HELPDESK_ENV": "testing", "HELPDESK_SMTP_URL": url})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["smtp://mail.example.com", "smtps://desk:s3cret@mail.example.com:465"])
def test_servers_are_taken_as_they_are(url: str) -> None:
    assert config.load({"HELPDESK_ENV": "testing", "HELPDESK_SMTP_URL": url})["SMTP_URL"] == url
