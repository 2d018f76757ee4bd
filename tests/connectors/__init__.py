"""What the connectors promise."""
