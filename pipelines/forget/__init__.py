"""Erasing a metering point, or all that a connection brought, everywhere that it was put."""
