"""The choices at the top of the dashboards, and the marks of failed runs."""

from __future__ import annotations

from typing import Final

from dashboards.influxql import IN_TIME, POINT, SOURCE, select, tag_values
from dashboards.model import Annotation, Variable
from dashboards.panels import RED

NO_ENERGY: Final = '"register" !~ /reactive|volume/'
"""Those registers have units of their own."""

SOURCE_OF_ALL: Final = Variable(
    "source", "Source", "The operator that the readings come from.", tag_values("local_day", "source")
)
METERING_POINT: Final = Variable(
    "metering_point",
    "Metering point",
    "The metering point that is shown.",
    tag_values("local_day", "metering_point", SOURCE),
)
METERING_POINTS: Final = Variable(
    "metering_point",
    "Metering points",
    "The metering points that are shown.",
    tag_values("local_day", "metering_point", SOURCE),
    several=True,
)
REGISTER_OF_ENERGY: Final = Variable(
    "register",
    "Register",
    "What is measured there, of what is measured in kWh.",
    tag_values("local_day", "register", SOURCE, POINT, NO_ENERGY),
)

FAILED_RUNS: Final = Annotation(
    "Failed runs",
    select('"cause", "connection"', "sync_run", '"ok" = false', SOURCE, IN_TIME),
    text="cause",
    tags="connection",
    color=RED,
)
