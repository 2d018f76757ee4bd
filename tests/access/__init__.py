"""Access to other people's readings: asked for, followed, and what becomes of it, against the simulated operator."""
