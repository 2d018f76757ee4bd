"""Elvia, the grid company of Oslo, Viken and Innlandet (Norway): MeterValueApi with a personal token."""
