"""Elvia's answers, calendar and calls."""
