"""The story of a run, told by Dagster and by the commands: ask, judge, store, load. No HTTP, no operator's words."""
