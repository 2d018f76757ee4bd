"""The containers: what docker-compose.yml promises of each of them, without an engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
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
DAGSTER: Final = ("code", "webserver", "daemon")
EVERY: Final = pytest.mark.parametrize("name", SERVICES)


def _mounts(name: str) -> dict[str, str]:
    """Return a service's mounts: the place inside, and what lies there."""
    long = [mount for mount in SERVICES[name]["volumes"] if isinstance(mount, dict)]
    short = [mount.split(":") for mount in SERVICES[name]["volumes"] if isinstance(mount, str)]
    return {mount["target"]: mount["source"] for mount in long} | {place: volume for volume, place in short}


def test_the_services() -> None:
    """There is one container for each job."""
    assert set(SERVICES) == {*DAGSTER, "postgres", "influxdb", "grafana"}


@EVERY
def test_it_may_do_no_more_than_it_must(name: str) -> None:
    """No root, no capability, no way to more rights, nothing to write to but volumes and memory."""
    service = SERVICES[name]

    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108 -- inside a container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"}


@EVERY
def test_it_has_limits(name: str) -> None:
    """Memory, processors and processes have bounds, and so have the log files."""
    limits = SERVICES[name]["deploy"]["resources"]["limits"]

    assert limits.keys() == {"cpus", "memory", "pids"}
    assert SERVICES[name]["logging"] == {"driver": "local"}


@EVERY
def test_its_health_is_checked_cheaply(name: str) -> None:
    """The check is one program without a shell, and none of Dagster's, which cost seconds of a processor."""
    health = SERVICES[name]["healthcheck"]

    assert health["test"][0] == "CMD"
    assert health["test"][1] not in {"dagster", "dagster-daemon", "sh", "bash"}
    assert {"interval", "timeout", "retries", "start_period"} <= health.keys()
    assert SERVICES[name]["restart"] == "unless-stopped"


@EVERY
def test_its_version_is_exact(name: str) -> None:
    """An image is named by a version that does not move; ours has the project's."""
    image = SERVICES[name]["image"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", image)
    if name in DAGSTER:
        assert image == f"wattline:{project['version']}"
        assert SERVICES[name]["build"] == {"context": "."}
    else:
        assert "build" not in SERVICES[name]


@EVERY
def test_its_ports_are_this_machines_alone(name: str) -> None:
    """Only the two web pages have a port, on the loopback address."""
    ports = {"webserver": ["127.0.0.1:3000:3000"], "grafana": ["127.0.0.1:3001:3000"]}

    assert SERVICES[name].get("ports", []) == ports.get(name, [])


@EVERY
def test_it_reaches_only_what_it_needs(name: str) -> None:
    """The databases and the daemon have no way out; only Wattline's code and Grafana get at the readings."""
    networks = {
        "code": ["outside", "dagster", "readings"],
        "webserver": ["outside", "dagster"],
        "daemon": ["dagster"],
        "postgres": ["dagster"],
        "influxdb": ["readings"],
        "grafana": ["outside", "readings"],
    }

    assert SERVICES[name]["networks"] == networks[name]
    assert COMPOSE["networks"] == {"outside": {}, "dagster": {"internal": True}, "readings": {"internal": True}}


@EVERY
def test_it_waits_for_those_it_needs(name: str) -> None:
    """A container starts when those before it are healthy, and not merely begun."""
    conditions = [need["condition"] for need in SERVICES[name].get("depends_on", {}).values()]

    assert set(conditions) <= {"service_healthy"}
    assert bool(conditions) is (name not in {"postgres", "influxdb"})


@EVERY
def test_no_password_has_a_default(name: str) -> None:
    """A password is a file, or a variable without which nothing starts; words say what to do then."""
    for key, value in SERVICES[name]["environment"].items():
        if "PASSWORD" in key or "TOKEN" in key:
            assert value.startswith("/run/secrets/") or re.fullmatch(r"\$\{[A-Z_]+:\?[a-z /]+\}", value), key
    for secret in SERVICES[name].get("secrets", []):
        assert COMPOSE["secrets"][secret].keys() == {"file"}


@EVERY
def test_what_it_keeps_is_in_named_volumes(name: str) -> None:
    """Data lie in declared volumes; whatever is mounted from the checkout is read-only and must be there."""
    for mount in SERVICES[name]["volumes"]:
        if isinstance(mount, str):
            assert mount.split(":")[0] in COMPOSE["volumes"]
        else:
            assert mount["read_only"] is True
            assert mount["bind"] == {"create_host_path": False}


def test_credentials_are_in_the_code_container_alone() -> None:
    """Operators' credentials, and the token that may write to InfluxDB, get into no other container of Dagster's."""
    for name, service in SERVICES.items():
        holds = "./secrets" in _mounts(name).values() or "env_file" in service
        assert holds is (name == "code")
    assert [name for name, service in SERVICES.items() if "influxdb_token" in service.get("secrets", [])] == [
        "influxdb"
    ]
    patience = {"DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR"}
    assert (
        SERVICES["webserver"]["environment"].keys()
        == SERVICES["daemon"]["environment"].keys() - patience
        == {"DAGSTER_PG_PASSWORD"}
    )


def test_runs_may_finish() -> None:
    """The code server has time to let its runs end, and its workers' remains are gathered up."""
    assert SERVICES["code"]["stop_grace_period"] == "30m"
    assert all(SERVICES[name]["init"] is True for name in DAGSTER)


@pytest.mark.parametrize("name", DAGSTER)
def test_one_process_without_a_shell(name: str) -> None:
    """A container runs one program, as a list of words: under a shell, Dagster would not hear SIGTERM."""
    command = SERVICES[name]["command"]

    assert command[0] in {"dagster", "dagster-webserver", "dagster-daemon"}
    assert all(isinstance(word, str) and not re.search(r"[;&|$]", word) for word in command)


def test_the_settings_are_where_the_code_looks() -> None:
    """What is mounted is what the settings name, and the store lies in a volume."""
    environment, mounts = SERVICES["code"]["environment"], _mounts("code")

    assert mounts[environment["WATTLINE_CONFIG"]] == "./wattline.toml"
    assert mounts[environment["WATTLINE_SECRETS_DIR"]] == "./secrets"
    assert mounts[str(Path(environment["WATTLINE_CONFIG"]).with_name("connections.d"))] == "./connections.d"
    assert mounts[environment["WATTLINE_DATA_DIR"]] == "store"


def test_code_influxdb_and_grafana_mean_one_bucket() -> None:
    """The code writes where InfluxDB was set up and where Grafana reads, the latter with a password of its own."""
    code, influxdb = SERVICES["code"]["environment"], SERVICES["influxdb"]["environment"]
    [source] = _yaml(DEPLOY / "grafana" / "datasources" / "wattline.yaml")["datasources"]
    first_start = (DEPLOY / "influxdb" / "initialise.sh").read_text(encoding="utf-8")

    assert influxdb["DOCKER_INFLUXDB_INIT_BUCKET"] == code["WATTLINE_INFLUXDB__BUCKET"] == source["jsonData"]["dbName"]
    assert influxdb["DOCKER_INFLUXDB_INIT_ORG"] == code["WATTLINE_INFLUXDB__ORG"]
    assert COMPOSE["secrets"]["influxdb_token"] == {"file": "./secrets/influxdb__token"}
    assert code["WATTLINE_INFLUXDB__URL"] == source["url"] == "http://influxdb:8086"
    assert source["secureJsonData"] == {"password": "$__file{/run/secrets/grafana_reader_password}"}
    assert f"--username {source['user']} " in first_start
    assert "--read-bucket" in first_start
    assert "--write-bucket" not in first_start
    assert "--shard-group-duration 52w" in first_start
    assert "grafana_reader_password" in SERVICES["influxdb"]["secrets"]
    assert "grafana_reader_password" in SERVICES["grafana"]["secrets"]


@pytest.mark.parametrize("name", DAGSTER)
def test_dagsters_containers_share_a_home(name: str) -> None:
    """All read one instance file, and what runs print is written where the web server looks for it."""
    home = re.search(r"DAGSTER_HOME=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))

    assert home
    assert SERVICES[name]["environment"].get("DAGSTER_HOME", home[1]) == home[1]
    assert _mounts(name)[home[1]] == "dagster"
    assert _mounts(name)[f"{home[1]}/dagster.yaml"] == "./deploy/compose/dagster.yaml"
