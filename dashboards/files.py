"""What is written, and where: one JSON file a dashboard, and the alert rules. The same input gives the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from dashboards.alerts import provisioned
from dashboards.capacity import CAPACITY
from dashboards.community import COMMUNITY
from dashboards.fleet import FLEET
from dashboards.health import HEALTH
from dashboards.home import HOME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboards.model import Dashboard, Json

ALL: Final = (HOME, CAPACITY, COMMUNITY, FLEET, HEALTH)
DATASOURCE: Final = "wattline"
"""The uid of the data source that the committed provisioning makes."""

JSON_FOLDER: Final = "dashboards/json"
ALERTS: Final = "alerting/wattline.json"


def text(tree: Json) -> str:
    """Write JSON, with sorted keys, so that a change is a difference of few lines."""
    return json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files(dashboards: Iterable[Dashboard], datasource_uid: str) -> dict[str, str]:
    """Return the content of each dashboard's file, by its name."""
    return {f"{each.uid}.json": text(each.json(datasource_uid)) for each in dashboards}


def committed() -> dict[str, str]:
    """Return what the repository holds, by path below Grafana's provisioning."""
    made = {f"{JSON_FOLDER}/{name}": content for name, content in files(ALL, DATASOURCE).items()}
    return made | {ALERTS: text(provisioned(DATASOURCE))}
