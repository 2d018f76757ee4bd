"""Access to other people's readings: asked for, followed until it is granted, and after that until it is lost."""
