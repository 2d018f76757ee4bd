"""The store: files that are whole or not there, a log that only grows, and the state of asking."""
