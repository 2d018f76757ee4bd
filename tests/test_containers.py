"""What the containers are made of: the image, Dagster's instance, the health checks and the preparation."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
DEPLOY: Final = ROOT / "deploy" / "compose"


def _yaml(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tree


COMPOSE: Final = _yaml(ROOT / "docker-compose.yml")
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_dagsters_instance() -> None:
    """PostgreSQL by the driver that is in the lock, the password from outside, one run at a time, nothing told."""
    instance, postgres = _yaml(DEPLOY / "dagster.yaml"), SERVICES["postgres"]["environment"]
    database = instance["storage"]["postgres"]["postgres_db"]

    assert database == {
        "scheme": "postgresql+psycopg2",
        "hostname": "postgres",
        "port": 5432,
        "db_name": postgres["POSTGRES_DB"],
        "username": postgres["POSTGRES_USER"],
        "password": {"env": "DAGSTER_PG_PASSWORD"},
    }
    assert instance["concurrency"]["runs"] == {"max_concurrent_runs": 1}
    assert instance["run_monitoring"]["enabled"] is True
    assert instance["run_monitoring"]["max_runtime_seconds"] == 21600
    assert instance["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert instance["telemetry"] == instance["nux"] == {"enabled": False}


def test_both_workspaces_mean_one_location() -> None:
    """The UI shows the same location in the containers as in a checkout, served where the code server listens."""
    [server] = _yaml(DEPLOY / "workspace.yaml")["load_from"]
    [module] = _yaml(ROOT / "workspace.yaml")["load_from"]
    command = SERVICES["code"]["command"]

    assert server["grpc_server"]["location_name"] == module["python_module"]["location_name"] == "wattline"
    assert server["grpc_server"]["host"] == "code"
    assert str(server["grpc_server"]["port"]) == command[command.index("--port") + 1]
    assert module["python_module"]["module_name"] == command[command.index("--module-name") + 1]


def test_the_image() -> None:
    """Both stages are one exact Python; packages come from the lock by hash, unbuilt; a fixed user runs it."""
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(stages) == 2
    assert len(set(stages)) == 1
    assert re.fullmatch(r"python:3\.12\.\d+-slim", stages[0])
    assert "--require-hashes --no-deps --only-binary=:all: -r requirements.lock" in DOCKERFILE
    assert f"USER {SERVICES['code']['user']}\n" in DOCKERFILE
    assert re.findall(r"^(?:CMD|ENTRYPOINT) (?!\[)", DOCKERFILE, re.MULTILINE) == []
    assert "--platform" not in DOCKERFILE


def test_only_what_is_copied_reaches_the_engine() -> None:
    """No setting, secret or data file can get into an image: all is shut out but what the Dockerfile copies."""
    first, *others = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    copied = {
        name for words in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in words.split()
    }

    assert first == "*"
    assert {line.removeprefix("!") for line in others if line.startswith("!")} == copied


def _health(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEPLOY / "health.py"), *words]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def _closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
        return port


def test_health_of_a_port_and_a_page() -> None:
    """A server that answers is well; a page that is not there, and a port that nobody listens on, are not."""
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        found = [_health("port", str(port)), _health("page", f"http://127.0.0.1:{port}/")]
        missing = _health("page", f"http://127.0.0.1:{port}/missing")
        server.shutdown()
    closed = _health("port", str(_closed_port()))

    assert [(check.returncode, check.stderr) for check in found] == [(0, ""), (0, "")]
    assert (missing.returncode, missing.stderr) == (1, "no answer: HTTP Error 404: File not found\n")
    assert closed.returncode == 1
    assert "refused" in closed.stderr


def test_health_of_the_scheduler_without_its_database(tmp_path: Path) -> None:
    """It asks the PostgreSQL that Dagster's own file names, and tells that it is silent, but no password."""
    instance = _yaml(DEPLOY / "dagster.yaml")
    instance["storage"]["postgres"]["postgres_db"] |= {"hostname": "127.0.0.1", "port": _closed_port()}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")

    check = _health("scheduler", DAGSTER_HOME=str(tmp_path), DAGSTER_PG_PASSWORD="not-to-be-printed")

    assert check.returncode == 1
    assert "no answer" in check.stderr
    assert "not-to-be-printed" not in check.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what `docker compose` reads into a folder of its own."""
    shutil.copytree(DEPLOY, tmp_path / "deploy" / "compose", ignore=shutil.ignore_patterns("secrets"))
    for name in ("docker-compose.yml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def _prepare(checkout: Path) -> dict[Path, bytes]:
    subprocess.run([checkout / "deploy" / "compose" / "prepare"], check=True, capture_output=True)
    return {path.relative_to(checkout): path.read_bytes() for path in checkout.rglob("*") if path.is_file()}


def test_prepare_makes_what_compose_needs(checkout: Path) -> None:
    """After it, every file that compose names is there, and every password is long and unlike the others."""
    made = _prepare(checkout)

    needed = [mount["source"] for name in SERVICES for mount in SERVICES[name]["volumes"] if isinstance(mount, dict)]
    secrets = [checkout / secret["file"] for secret in COMPOSE["secrets"].values()]
    passwords = {path.read_text(encoding="utf-8") for path in secrets} | {made[Path(".env")].decode().split("=")[1]}
    assert [source for source in needed if not (checkout / source).exists()] == []
    assert len(passwords) == len(secrets) + 1
    assert min(len(password.strip()) for password in passwords) == 48
    for name in ("secrets", "deploy/compose/secrets"):
        assert stat.S_IMODE((checkout / name).stat().st_mode) == 0o700
    for name in (".env", "secrets/influxdb__token", "wattline.toml"):
        assert stat.S_IMODE((checkout / name).stat().st_mode) == 0o600


def test_prepare_changes_nothing_that_is_there(checkout: Path) -> None:
    """A second run keeps every password, and what the user wrote."""
    (checkout / ".env").write_text("WATTLINE_CONNECTIONS__HOME__SOURCE=elvia\n")
    (checkout / "wattline.toml").write_text('data_dir = "elsewhere"\n')

    before = _prepare(checkout)

    assert before[Path(".env")].startswith(b"WATTLINE_CONNECTIONS__HOME__SOURCE=elvia\nDAGSTER_PG_PASSWORD=")
    assert before[Path("wattline.toml")] == b'data_dir = "elsewhere"\n'
    assert _prepare(checkout) == before


def _has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _has_compose(), reason="needs Docker's compose plugin; the other tests read the file itself")
def test_compose_reads_it(checkout: Path) -> None:
    """Docker's own reader accepts the file once it is prepared, and before that says what to run."""
    command = ["docker", "compose", "--file", str(checkout / "docker-compose.yml"), "config", "--quiet"]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_PG_PASSWORD"}

    early = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    _prepare(checkout)
    ready = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    assert "run deploy/compose/prepare first" in early.stderr
    assert ready.returncode == 0, ready.stderr
