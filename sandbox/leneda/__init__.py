"""Leneda's API as its users meet it, simulated: own metering points, and other people's after a request."""
