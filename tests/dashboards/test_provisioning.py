"""Grafana's provisioning: no key that its documentation does not name, and each file leads to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dashboards.alerts import FOLDER
from dashboards.files import ALERTS, DATASOURCE, JSON_FOLDER

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "deploy" / "compose" / "grafana"
OWN: Final = ROOT / "deploy" / "grafana"
DATASOURCES: Final = (COMPOSE / "datasources" / "wattline.yaml", OWN / "influxdb1.yaml", OWN / "influxdb2.yaml")

# Grafana's documentation, "Provision Grafana" and "Configure the InfluxDB data source".
OF_DATASOURCES: Final = {"apiVersion", "prune", "deleteDatasources", "datasources"}
OF_DATASOURCE: Final = {
    "name", "type", "access", "orgId", "uid", "url", "user", "database", "basicAuth", "basicAuthUser",
    "withCredentials", "isDefault", "jsonData", "secureJsonData", "version", "editable",
}  # fmt: skip
OF_INFLUXDB: Final = {
    "dbName", "httpMode", "version", "organization", "defaultBucket", "timeInterval", "maxSeries", "insecureGrpc",
    "tlsSkipVerify", "httpHeaderName1",
}  # fmt: skip
SECRETS: Final = {"password", "token", "basicAuthPassword", "httpHeaderValue1"}
# "Provision Grafana", dashboards.
OF_PROVIDERS: Final = {"apiVersion", "providers"}
OF_PROVIDER: Final = {
    "name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds", "allowUiUpdates",
    "options",
}  # fmt: skip
# "Use configuration files to provision alerting resources".
OF_ALERTING: Final = {"apiVersion", "groups", "deleteRules"}
OF_GROUP: Final = {"orgId", "name", "folder", "interval", "rules"}
OF_RULE: Final = {
    "uid", "title", "condition", "data", "dashboardUid", "panelId", "noDataState", "execErrState", "for",
    "keepFiringFor", "annotations", "labels", "isPaused", "notification_settings",
}  # fmt: skip
OF_QUERY: Final = {"refId", "queryType", "relativeTimeRange", "datasourceUid", "model"}
OF_MODELS: Final = {
    "query": {"refId", "query", "rawQuery", "resultFormat"},
    "reduce": {"refId", "type", "expression", "reducer", "settings"},
    "threshold": {"refId", "type", "expression", "conditions"},
}


def _yaml(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tree


@pytest.mark.parametrize("path", DATASOURCES, ids=lambda path: path.name)
def test_data_sources(path: Path) -> None:
    """Each is InfluxQL through Grafana's server, by the uid that the dashboards name, with its secrets apart."""
    tree = _yaml(path)
    (source,) = tree["datasources"]

    assert tree.keys() <= OF_DATASOURCES
    assert source.keys() <= OF_DATASOURCE
    assert source["jsonData"].keys() <= OF_INFLUXDB
    assert source["secureJsonData"].keys() <= SECRETS
    assert (source["type"], source["access"], source["uid"]) == ("influxdb", "proxy", DATASOURCE)
    # No `version` means InfluxQL. (`database` beside `jsonData` is no longer read.)
    assert "version" not in source["jsonData"]
    assert "database" not in source
    assert all("$" in secret for secret in source["secureJsonData"].values())


def test_both_generations() -> None:
    """1.x is asked as a user, 2.x by a token in a header."""
    first, second = (_yaml(OWN / f"influxdb{generation}.yaml")["datasources"][0] for generation in (1, 2))

    assert (first["user"], first["secureJsonData"]) == ("$INFLUXDB_USER", {"password": "$INFLUXDB_PASSWORD"})
    assert second["jsonData"]["httpHeaderName1"] == "Authorization"
    assert second["secureJsonData"] == {"httpHeaderValue1": "Token $INFLUXDB_TOKEN"}


def test_dashboards() -> None:
    """The provider reads the folder that compose mounts, into the folder that the alert rules are in."""
    tree = _yaml(COMPOSE / "dashboards" / "wattline.yaml")
    (provider,) = tree["providers"]
    mounts = {mount["source"]: mount["target"] for mount in _grafana()["volumes"] if isinstance(mount, dict)}

    assert tree.keys() <= OF_PROVIDERS
    assert provider.keys() <= OF_PROVIDER
    assert provider["options"].keys() <= {"path", "foldersFromFilesStructure"}
    assert provider["type"] == "file"
    assert provider["folder"] == FOLDER
    mounted = mounts["./deploy/compose/grafana/dashboards"]
    assert provider["options"]["path"] == f"{mounted}/json"
    assert (COMPOSE / JSON_FOLDER / "wattline-home.json").is_file()
    home = _grafana()["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/wattline-home.json"


def _grafana() -> dict[str, Any]:
    service: dict[str, Any] = _yaml(ROOT / "docker-compose.yml")["services"]["grafana"]
    return service


def test_what_grafana_reads_is_mounted() -> None:
    """Data sources, dashboards and alert rules are where Grafana looks for them."""
    mounts = {mount["source"]: mount["target"] for mount in _grafana()["volumes"] if isinstance(mount, dict)}

    assert mounts == {
        f"./deploy/compose/grafana/{kind}": f"/etc/grafana/provisioning/{kind}"
        for kind in ("datasources", "dashboards", "alerting")
    }


def test_alert_rules() -> None:
    """Groups, rules, queries and expressions have documented keys alone; each asks the one data source."""
    tree = json.loads((COMPOSE / ALERTS).read_text(encoding="utf-8"))
    (group,) = tree["groups"]

    assert tree.keys() <= OF_ALERTING
    assert group.keys() <= OF_GROUP
    for rule in group["rules"]:
        assert rule.keys() <= OF_RULE
        assert rule["noDataState"] in {"OK", "Alerting", "NoData", "KeepLast"}
        assert rule["execErrState"] in {"OK", "Alerting", "Error", "KeepLast"}
        assert len(rule["uid"]) <= 40
        # An environment variable would be put in the place of anything with a dollar in it.
        assert "$" not in json.dumps([rule["title"], rule["annotations"], rule["labels"]])
        for step in rule["data"]:
            assert step.keys() <= OF_QUERY
            assert step["relativeTimeRange"].keys() == {"from", "to"}
            kind = step["model"].get("type", "query")
            assert step["model"].keys() <= OF_MODELS[kind]
            assert step["datasourceUid"] == (DATASOURCE if kind == "query" else "__expr__")
