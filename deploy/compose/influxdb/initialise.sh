#!/bin/bash
# Run by InfluxDB's image, once, when its volume is new and the bucket is made.
set -euo pipefail

# One shard a year instead of one a week: years of hours then need half the memory.
influx bucket update --id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --retention 0 --shard-group-duration 52w

# Grafana passes its users' requests on with its own credential, so that one may only read.
influx v1 auth create \
    --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --username grafana \
    --password "$(cat /run/secrets/grafana_reader_password)" \
    --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID"
