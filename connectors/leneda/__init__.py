"""Leneda, Luxembourg's national energy data platform: `time-series` with an API key and an Energy ID."""
