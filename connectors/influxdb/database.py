"""Which kind of database answers, and how to speak to it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from connectors.errors import Refused
from connectors.http import Http, Policy
from connectors.influxdb.errors import NotConfigured
from connectors.influxdb.v1 import V1

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import Api, InfluxSettings

_POLICY: Final = Policy(total_s=300, read_s=60)
_UNKNOWN: Final = "unknown"


def connect(settings: InfluxSettings) -> Database:
    """Ask the server what it is, and return the database or bucket of the settings on it.

    The header of `/ping` decides, unless the settings name the API. VictoriaMetrics, and whatever else does
    not say that it is InfluxDB, is written to and not read.

    Raises:
        TryLater: the server is down.
        RenewCredential: the server, or a proxy before it, refuses the user or token.
        NotConfigured: what answers needs settings that are not given, or is no InfluxDB.
    """
    with _http(settings, "v2" if settings.token else "v1") as http:
        version, readable = _version(http, settings)
    api = _api(settings, version)
    if api == "v1":
        database = settings.database or ""
        http = _http(settings, api)
        return V1(http, database, version=version, readable=readable, target=f"{settings.url} {database}")
    from connectors.influxdb.v2 import V2  # noqa: PLC0415 - influxdb-client takes half a second, and 1.x needs none

    return V2(_http(settings, api), settings, _POLICY, version=version, readable=readable)


def _http(settings: InfluxSettings, api: Api) -> Http:
    headers, basic = {}, None
    if api == "v2" and settings.token:
        # Not "Bearer", which 2.x refuses on the paths of 1.x.
        headers = {"Authorization": SecretStr(f"Token {settings.token.get_secret_value()}")}
    elif api == "v1" and settings.username and settings.password:
        basic = (settings.username, settings.password)
    return Http(settings.url, service="InfluxDB", headers=headers, basic=basic, policy=_POLICY, plain_http=True)


def _version(http: Http, settings: InfluxSettings) -> tuple[str, bool]:
    """Return the version, and whether the server says that it is InfluxDB."""
    try:
        reply = http.request("GET", "/ping", endpoint="ping", decode=bytes)
    except Refused as error:
        # InfluxData's cloud has no ping: who names the API knows what is there.
        if settings.api != "auto":
            return _UNKNOWN, True
        status = error.status
    else:
        header = reply.headers.get("x-influxdb-version")
        if header is not None:
            number = re.search(r"\d+\.\d+\.\d+", header)
            return (number[0] if number else _UNKNOWN), True
        if reply.status == HTTPStatus.NO_CONTENT:  # VictoriaMetrics
            return _UNKNOWN, False
        status = reply.status
    msg = f"no InfluxDB at {settings.url}, /ping answers {status}: mend `url`, or set `api` to v1 or v2"
    raise NotConfigured(msg)


def _api(settings: InfluxSettings, version: str) -> Api:
    """Choose the API; from 2 on, the settings of a 1.x that was moved there go on working."""
    if settings.api != "auto":
        return settings.api
    fitting: list[Api] = ["v1"] if version.startswith("1.") else ["v2", "v1"]
    for api in fitting:
        if not settings.lacks(api):
            return api
    msg = f"InfluxDB {version} answers at {settings.url}: {settings.lacks(fitting[0])}"
    raise NotConfigured(msg)
