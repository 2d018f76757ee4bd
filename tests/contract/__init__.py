"""What every source promises, held to each source of the registry, on real parts."""
