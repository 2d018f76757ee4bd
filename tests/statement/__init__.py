"""Statements of a month: what a run brought, told and told again."""
