"""Time, rules, revisions, settlement and coverage: pure functions, tested as such."""
