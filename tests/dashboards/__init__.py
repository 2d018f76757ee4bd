"""Dashboards, on a real InfluxDB that is filled from the sandbox."""
