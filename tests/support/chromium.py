"""A headless Chromium that tests steer over its own pipe, and all that a page says or asks for.

No package is needed for it: Chromium speaks its DevTools protocol as JSON over two file descriptors.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FLAGS: Final = (
    "--headless",
    # Root has no sandbox for it, and the page under test is our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
LONGEST_S: Final = 60.0


def find_chromium() -> str:
    """Return the program; without it skip, and in CI fail."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    words = "no Chromium is on this machine"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@dataclass
class Said:
    """What a page did besides showing itself."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, exceptions, and what the policy refused."""


class Chromium:
    """One browser with one page; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Keep the browser's profile in the folder."""
        self._folder = folder
        self._numbers = 0
        self._session: str | None = None
        self._rest = b""
        self.said = Said()

    def __enter__(self) -> Self:
        """Start it with one empty page."""
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        # It reads from 3 and writes to 4; a shell puts our pipes there, whatever their numbers are.
        command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        with (self._folder / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                ["bash", "-c", command, find_chromium(), *FLAGS, f"--user-data-dir={self._folder}", "about:blank"],
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(LONGEST_S)
        os.close(self._read)
        os.close(self._write)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give an order and return the answer; what else the browser tells meanwhile is noted."""
        self._numbers += 1
        message = {"id": self._numbers, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda told: told.get("id") == message["id"])
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, url: str, *, width: int = 1200, height: int = 900, dark: bool = False, phone: bool = False) -> None:
        """Open an address and wait until it is loaded."""
        scale = 2 if phone else 1
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.said = Said()
        self.call("Page.navigate", url=url)
        self._until(lambda told: told.get("method") == "Page.loadEventFired")

    def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page answers
        """Return what an expression is in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until the page has drawn what it was told to draw."""
        self.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")

    def point(self, x: float, y: float) -> None:
        """Move the mouse."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def press(self, name: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name)
        self.settle()

    def picture(self, path: Path) -> None:
        """Write what is on the screen as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        ends = time.monotonic() + LONGEST_S
        while True:
            told = self._message(ends)
            self._note(told)
            if found(told):
                return told

    def _message(self, ends: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(ends - time.monotonic(), 0))
            piece = os.read(self._read, 1 << 20) if ready else b""
            if not piece:
                pytest.fail(f"Chromium fell silent: {(self._folder / 'stderr').read_text(errors='replace')[-2000:]}")
            self._rest += piece
        line, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, told: dict[str, Any]) -> None:
        match told.get("method"), told.get("params", {}):
            case "Network.requestWillBeSent", {"request": {"url": url}}:
                self.said.requests.append(url)
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.said.complaints.append(str(details))
            case "Runtime.consoleAPICalled", {"args": arguments}:
                self.said.complaints.append(str(arguments))
            case "Log.entryAdded", {"entry": entry}:
                self.said.complaints.append(f"{entry['level']}: {entry['text']}")
