"""What a connection is at every source: one credential, and the metering points that it may read."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from connectors.base import Subject
from connectors.errors import RenewCredential
from connectors.url import checked_url

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "WATTLINE_"
"""What every environment variable of the product begins with."""

STRICT: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)
"""How every table of the settings is read: nothing unknown, nothing changed later, no value in a message."""


def variable(*path: str) -> str:
    """Return the environment variable that gives the setting at this path."""
    return PREFIX + "__".join(path).upper()


def where_to_give(*path: str) -> str:
    """Return the words for where a secret belongs; they end a sentence such as "give it ..."."""
    return f"as {variable(*path)} in the environment, or in a file {'__'.join(path)} in the secrets folder"


def _sendable(secret: SecretStr | None) -> SecretStr | None:
    text = secret.get_secret_value().strip() if secret else ""
    if not text:
        return None
    # A header takes no other characters, and the HTTP library would quote the whole value in its error.
    if not (text.isascii() and text.isprintable()) or " " in text:
        message = "holds a blank, a line break or a character that no credential has; copy it again, without 'Bearer'"
        raise ValueError(message)
    return SecretStr(text)


Credential = Annotated[SecretStr | None, AfterValidator(_sendable)]
"""A token or key for a header: blanks around it are cut off, and an empty one is a missing one."""


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        kind = "int_type"
        raise PydanticCustomError(kind, "must be a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_no_truth_value)]
"""A count; true is none, though pydantic would read it as 1."""


class ConnectionSettings(BaseModel):
    """One credential at one source. A source's own model adds its keys and names its credential."""

    model_config = STRICT

    credential_key: ClassVar[str]
    """The key under which the credential is given."""
    checked_first: ClassVar[str] = ""
    """What else a refusal may be due to, which to look at is cheaper than a new credential; empty where nothing is."""
    daily_at: ClassVar[str]
    """Cron line of the source's daily sync, in its local time, where the settings give none."""

    source: str
    base_url: str
    database: str | None = Field(default=None, min_length=1, examples=["customer_home"])
    bucket: str | None = Field(default=None, min_length=1, examples=["customer_home"])

    @abstractmethod
    def listed_points(self) -> tuple[str, ...]:
        """Return the metering points that the settings list, in their order; none: all that are covered."""

    def listed(self) -> tuple[Subject, ...]:
        """Return what the settings name, to be asked for in any case."""
        return tuple(Subject(point) for point in self.listed_points())

    def possible(self) -> tuple[Subject, ...]:
        """Return what the settings leave open: each is tried once, and what the operator knows is remembered."""
        return ()

    def generation(self) -> tuple[Subject, ...]:
        """Return the registers that count what is made before the home uses any of it; none: nobody says which do."""
        return ()

    def flag_is_mute(self) -> bool | None:
        """Tell whether the operator's own mark of a final value says nothing here; None: to be found out."""
        return None

    def doubts(self) -> Iterator[str]:
        """Yield what looks wrong but may be right: the key, and what to look at."""
        yield from ()

    def credential(self, name: str) -> SecretStr:
        """Return the credential of the connection of this name. Raises `RenewCredential` where none is given."""
        secret: SecretStr | None = getattr(self, self.credential_key)
        if secret is None:
            path = ("connections", name, self.credential_key)
            message = f"{'.'.join(path)}: is missing; give it {where_to_give(*path)}"
            raise RenewCredential(message)
        return secret

    def identity(self, name: str) -> SecretStr:
        """Return all that decides whether the operator answers: where it differs, what was refused is tried again.

        Raises `RenewCredential` where the connection has no credential.
        """
        return self.credential(name)

    @field_validator("base_url")
    @classmethod
    def _reachable_safely(cls, url: str) -> str:
        return checked_url(url, plain_http=False)
