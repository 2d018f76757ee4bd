"""One algorithm for backfill, daily runs, repair and corrections: plan, extract, merge."""
