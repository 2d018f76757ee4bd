"""From the store to InfluxDB: what differs is sent, acknowledged, and read back."""
