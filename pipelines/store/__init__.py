"""What is kept under `data_dir`: the log of revisions, raw answers, quarantine, and the state of asking and loading."""
