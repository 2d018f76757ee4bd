"""What the tests share: servers that misbehave, and requests to them."""
