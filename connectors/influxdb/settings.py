"""Where the database is and who we are there."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from connectors.connection import STRICT, Credential
from connectors.url import checked_url

Api = Literal["v1", "v2"]


def _checked(url: str) -> str:
    # Plain http is allowed: compose's and Home Assistant's databases have no other.
    return checked_url(url, plain_http=True)


Name = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]


class InfluxSettings(BaseModel):
    """The server, and what each generation of it needs.

    2.x and later need `org`, `bucket` and `token`; 1.x needs `database`, and where the server asks for them
    `username` and `password`. Both may be given: the version that answers decides.
    """

    model_config = STRICT

    url: Annotated[str, AfterValidator(_checked)]
    org: Name | None = None
    bucket: Name | None = None
    token: Credential = None
    username: Name | None = None
    password: SecretStr | None = None
    database: Name | None = None
    api: Literal["auto", "v1", "v2"] = "auto"

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if (self.username is None) != (self.password is None):
            msg = "`username` and `password` belong together: give both or neither"
            raise ValueError(msg)
        wanted: list[Api] = ["v1", "v2"] if self.api == "auto" else [self.api]
        lacking = [self.lacks(api) for api in wanted]
        if all(lacking):
            msg = "; or ".join(lacking)
            raise ValueError(msg)
        return self

    def lacks(self, api: Api) -> str:
        """Say in words what that API needs and these settings do not give; empty where nothing is lacking."""
        needed = {"v1": ("database",), "v2": ("org", "bucket", "token")}[api]
        missing = [f"`{name}`" for name in needed if getattr(self, name) is None]
        version = {"v1": "InfluxDB 1.x", "v2": "InfluxDB 2.x"}[api]
        return f"{version} needs {', '.join(missing)}" if missing else ""

    def for_database(self, name: str) -> InfluxSettings:
        """Return the same server with another database (1.x) and bucket (2.x), to keep customers apart."""
        return self.model_validate({**dict(self), "database": name, "bucket": name})

    def target(self) -> str:
        """Name the URL and the database, and no secret."""
        names = {"v1": [self.database], "v2": [self.bucket], "auto": [self.bucket, self.database]}[self.api]
        return f"{self.url} {' '.join(dict.fromkeys(name for name in names if name is not None))}"
