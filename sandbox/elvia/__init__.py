"""Elvia's MeterValueApi as its customers meet it, simulated."""
