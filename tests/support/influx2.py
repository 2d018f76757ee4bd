"""A stand-in for InfluxDB 2.x on a real port, which answers as 2.7's source and documentation say.

It keeps lines, and knows one organization. A line with `bad` in it is a syntax error, which refuses the whole
request; one with `conflict` in it has the wrong type, which refuses the line alone.
"""

from __future__ import annotations

import gzip
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

ORG, TOKEN = "home", "canary-token"


@dataclass
class Influx2:
    """What the server holds, and what it was asked."""

    url: str = ""
    version: str = "v2.7.12"
    largest_body: int = 1_000_000
    organizations: dict[str, str] = field(default_factory=lambda: {"0123456789abcdef": ORG})
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: set[str] = field(default_factory=set)
    deletions: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    said: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    """Statuses and headers for the next writes, before the server answers by itself."""

    def ping(self, _: Request) -> Response:
        """Say the version; 2.x asks for no token here."""
        return Response(status_code=204, headers={"X-Influxdb-Version": self.version, "X-Influxdb-Build": "OSS"})

    async def write(self, request: Request) -> Response:
        """Store lines, or refuse them."""
        self.targets.append(str(request.url))
        body = await request.body()
        if self.said:
            status, headers = self.said.pop(0)
            return _problem(status, "said so", headers)
        wrong = self._wrong(request) or self._wrong_bucket(request)
        if wrong:
            return wrong
        if len(body) > self.largest_body:
            return _problem(413, "unable to read data: points batch is too large")
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        lines = body.decode().split("\n")
        for line in lines:
            if "bad" in line:
                return _problem(400, f"unable to parse '{line}': invalid boolean")
        conflicts = [line for line in lines if "conflict" in line]
        self.lines.update(set(lines) - set(conflicts))
        if conflicts:
            return _problem(422, f"failure writing points to database: partial write: dropped={len(conflicts)}")
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        """Remember what shall be deleted."""
        wrong = self._wrong(request) or self._wrong_bucket(request)
        if not wrong:
            self.deletions.append(await request.json())
        return wrong or Response(status_code=204)

    async def query(self, request: Request) -> Response:
        """Answer InfluxQL with one row."""
        wrong = self._wrong(request)
        if wrong:
            return wrong
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.queries.append(form)
        if form["db"] not in {name.partition("/")[0] for name in self.buckets}:
            return JSONResponse({"results": [{"error": f"database not found: {form['db']}"}]})
        series = {"name": "wattline_target", "columns": ["time", "id"], "values": [[0, "first"]]}
        return JSONResponse({"results": [{"statement_id": 0, "series": [series]}]})

    def list_buckets(self, request: Request) -> Response:
        """List the buckets, or those of that name."""
        name = request.query_params.get("name")
        found = [{"id": "00ff00ff00ff00ff", "retentionRules": [], **bucket} for bucket in self.buckets.values()]
        seen = [one for one in found if name in (None, one["name"])]
        return self._wrong(request) or JSONResponse({"buckets": seen})

    async def make_bucket(self, request: Request) -> Response:
        """Make a bucket."""
        wrong = self._wrong(request)
        if wrong:
            return wrong
        bucket = await request.json()
        self.buckets[bucket["name"]] = bucket
        return JSONResponse({"id": "00ff00ff00ff00ff", **bucket}, status_code=201)

    def list_organizations(self, request: Request) -> Response:
        """List the organizations that the token sees."""
        found = [{"id": number, "name": name} for number, name in self.organizations.items()]
        return self._wrong(request) or JSONResponse({"orgs": found})

    def _wrong(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Token {TOKEN}":
            return _problem(401, "unauthorized access")
        org = request.query_params.get("org", ORG)
        return None if org == ORG else _problem(404, f'organization name "{org}" not found')

    def _wrong_bucket(self, request: Request) -> Response | None:
        bucket = request.query_params["bucket"]
        return None if bucket in self.buckets else _problem(404, f'bucket "{bucket}" not found')


def _problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"code": "any", "message": message}, status_code=status, headers=headers)


@contextmanager
def running_influx2() -> Iterator[Influx2]:
    """Serve a new stand-in on a free loopback port."""
    stand_in = Influx2()
    routes = [
        Route("/ping", stand_in.ping),
        Route("/api/v2/write", stand_in.write, methods=["POST"]),
        Route("/api/v2/delete", stand_in.delete, methods=["POST"]),
        Route("/api/v2/buckets", stand_in.list_buckets, methods=["GET"]),
        Route("/api/v2/buckets", stand_in.make_bucket, methods=["POST"]),
        Route("/api/v2/orgs", stand_in.list_organizations),
        Route("/query", stand_in.query, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stand_in.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield stand_in
        finally:
            server.should_exit = True
            thread.join()
