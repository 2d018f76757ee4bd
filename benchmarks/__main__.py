"""Run every benchmark and print its figures: `python -m benchmarks [--metering-points N] [--connections N]`."""

from __future__ import annotations

import argparse

from benchmarks import fleet, line_protocol, parsing, shell


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure here; ratios hold elsewhere.")
    parser.add_argument("--metering-points", type=int, default=100, help="size of the fleet that is backfilled")
    parser.add_argument("--connections", type=int, default=100, help="how many the daily run has, a token each")
    arguments = parser.parse_args()
    line_protocol.run()
    parsing.run()
    shell.run(arguments.connections)
    fleet.run(arguments.metering_points)


if __name__ == "__main__":
    main()
