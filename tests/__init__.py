"""What the product promises, each promise as a test on real parts."""
