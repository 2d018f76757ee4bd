"""What a reading is: canonical frames, registers, rules, settlement, coverage. Polars only; no I/O."""
