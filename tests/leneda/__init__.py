"""Leneda: its settings, its calendar, its answers, and runs against the simulated operator."""
