"""Where messages go, and how a mail server is reached."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from connectors.connection import STRICT, WholeNumber
from connectors.messages.address import Address

Security = Literal["starttls", "tls", "none"]

PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def _url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not _URL.fullmatch(text):
        message = "must be a URL: a scheme, :// and no blanks"
        raise ValueError(message)
    if text.lower().startswith(("http://", "https://")):
        Address.of(secret)
    return secret


def _web_url(secret: SecretStr) -> SecretStr:
    Address.of(secret)
    return secret


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text):
        message = "must be a mail address alone, such as me@example.org"
        raise ValueError(message)
    return text


Url = Annotated[SecretStr, AfterValidator(_url)]
WebUrl = Annotated[SecretStr, AfterValidator(_web_url)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Name = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x20\x7f]+$")]


class SmtpSettings(BaseModel):
    """The mail server, and who writes to whom."""

    model_config = STRICT

    host: Name = Field(examples=["mail.example.org"])
    port: WholeNumber | None = Field(default=None, ge=1, le=65_535, examples=[587])
    security: Security = "starttls"
    username: Name | None = Field(default=None, examples=["me@example.org"])
    password: SecretStr | None = None
    sender: Mailbox = Field(examples=["wattline@example.org"])
    recipients: tuple[Mailbox, ...] = Field(min_length=1, examples=[["me@example.org"]])

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; left out, the port is the usual one."""
        return self.host, PORTS[self.security] if self.port is None else self.port

    @model_validator(mode="after")
    def _kept_to_ourselves(self) -> Self:
        if (self.username is None) != (self.password is None):
            message = "`username` and `password` belong together: give both or neither"
            raise ValueError(message)
        if self.password is not None and self.security == "none" and not _is_loopback(self.host):
            message = '`security` = "none" would show the password to everybody on the way; use starttls or tls'
            raise ValueError(message)
        return self


class AlarmSettings(BaseModel):
    """Where messages go. A URL may hold a password or be one, so each is a secret."""

    model_config = STRICT

    urls: tuple[Url, ...] = Field(default=(), examples=[["https://hooks.example.org/wattline"]])
    smtp: SmtpSettings | None = None
    heartbeat_url: WebUrl | None = Field(default=None, examples=["https://heartbeat.example.org/wattline"])


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, and whose it is only the resolver knows
        return False
