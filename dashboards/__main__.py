"""Write the committed files, or tell which are stale: `python -m dashboards [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from dashboards.files import JSON_FOLDER, committed

PROVISIONING: Final = Path(__file__).resolve().parents[1] / "deploy" / "compose" / "grafana"


def stale() -> list[str]:
    """Return the paths whose content is not what would be written, and those that nothing would write."""
    wanted = committed()
    differing = [
        path
        for path, content in wanted.items()
        if not (PROVISIONING / path).is_file() or (PROVISIONING / path).read_text(encoding="utf-8") != content
    ]
    there = {f"{JSON_FOLDER}/{path.name}" for path in (PROVISIONING / JSON_FOLDER).glob("*.json")}
    return sorted({*differing, *(there - wanted.keys())})


def main() -> None:
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description="Write Grafana's dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a file is stale")
    if parser.parse_args().check:
        if old := stale():
            sys.exit(f"stale, run `make dashboards`: {', '.join(old)}")
        return
    for path, content in committed().items():
        target = PROVISIONING / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for path in stale():
        (PROVISIONING / path).unlink()


if __name__ == "__main__":
    main()
