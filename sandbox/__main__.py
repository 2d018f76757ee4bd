"""Runs the sandbox by itself: `python -m sandbox --port 0 --fleet 100 --ready-file PATH`."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.serve import LOOPBACK, PORT, serve
from sandbox.world import demo_world


def main() -> None:
    """Read the arguments and serve; the ready file gets the URL, at once and whole, when calls are taken."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Serve simulated operators' APIs.")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--fleet", type=int, default=0, help="metering points under the token sandbox-fleet")
    parser.add_argument("--unlimited", action="store_true", help="no limit of calls an hour")
    parser.add_argument("--ready-file", type=Path, help="gets the URL once the sandbox takes calls")
    arguments = parser.parse_args()
    world = demo_world(fleet=arguments.fleet)
    if arguments.unlimited:
        world.calls_per_hour = None

    def ready(url: str) -> None:
        if arguments.ready_file:
            unfinished = arguments.ready_file.with_name(f".{arguments.ready_file.name}.tmp")
            unfinished.write_text(url, encoding="utf-8")
            unfinished.replace(arguments.ready_file)
        print(f"Wattline sandbox: {url} (Elvia: {url}/elvia, Leneda: {url}/leneda)", flush=True)  # noqa: T201

    serve(LOOPBACK, arguments.port, world, ready)


if __name__ == "__main__":
    main()
