"""Grafana's dashboards as code: data in, deterministic JSON out. `python -m dashboards` writes what is committed.

Each dashboard is a file of its name, a list of panels with their InfluxQL. Classic JSON, since file provisioning
takes no other, and InfluxQL, the one language of InfluxDB 1, 2 and 3.
"""
