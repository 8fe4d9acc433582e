"""A real headless Chromium, driven over the Chrome DevTools Protocol: https://chromedevtools.github.io/devtools-protocol."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "--remote-allow-origins=*", "--force-color-profile=srgb", "--mute-audio"),
)
# Resolves with the first true value of an expression, asked again after each change of the document.
UNTIL = """new Promise((resolve) => {
  const ask = () => {
    let value = null;
    try { value = (%s); } catch { return; }
    if (value) { watch.disconnect(); resolve(value); }
  };
  const watch = new MutationObserver(ask);
  watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  ask();
})"""


def chromium() -> str | None:
    """The path of a Chromium, if this machine has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab; ``faults`` collects uncaught exceptions, console errors, policy violations and dialogs."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self.faults: list[str] = []
        self._line = line
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = self._context = ""
        self._reading = asyncio.create_task(self._read())

    async def open(self) -> Self:
        """Open the tab itself."""
        self._context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol; RuntimeError when the browser refuses it."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": params}
        await self._line.send_json({**command, **({"sessionId": self._session} if self._session else {})})
        return await asyncio.wait_for(answer, 20)

    async def goto(self, address: str, width: int = 1280, height: int = 800, *, dark: bool = False) -> None:
        """Load *address* in a window of this size, light or dark."""
        await self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        await self.call("Page.navigate", url=address)
        await self.until(
            f"location.href.startsWith({json.dumps(address)}) && document.readyState === 'complete'"
        )

    async def resize(self, width: int, height: int) -> None:
        """Give the window another size in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited; RuntimeError when it throws."""
        found = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", expression))
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait for *expression* to be true, and return its value."""
        try:
            return await self.evaluate(UNTIL % expression)
        except TimeoutError as exc:
            text = await self.evaluate("document.body.innerText")
            raise TimeoutError(
                f"{expression} never came true. The page shows:\n{text}\n{self.faults}"
            ) from exc

    async def shows(self, text: str, where: str = "body") -> None:
        """Wait until *text* can be read inside *where*."""
        await self.until(
            f"document.querySelector({json.dumps(where)})?.innerText.replace(/\\s+/g, ' ')"
            f".includes({json.dumps(text)})"
        )

    async def click(self, selector: str) -> None:
        """Press the mouse on the middle of the first element that *selector* finds, when it is visible."""
        quoted = json.dumps(selector)
        await self.until(f"document.querySelector({quoted})?.getClientRects().length")
        await self.evaluate(f"document.querySelector({quoted}).scrollIntoView({{block: 'nearest'}})")
        x, y = await self.evaluate(
            f"(() => {{ const r = document.querySelector({quoted}).getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, selector: str, text: str, *, enter: bool = False) -> None:
        """Type into an element, and send it off with Enter when asked to."""
        await self.click(selector)
        await self.call("Input.insertText", text=text)
        if enter:
            await self.key("Enter")

    async def key(self, name: str) -> None:
        """Press one key such as ``Enter``, ``Tab`` or ``Escape``."""
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40}
        key = {"key": name, "code": name, "windowsVirtualKeyCode": codes[name]}
        await self.call(
            "Input.dispatchKeyEvent", type="keyDown", **key, **({"text": "\r"} if name == "Enter" else {})
        )
        await self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    async def screenshot(self, path: Path) -> None:
        """Write what the window shows to *path*, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))

    async def close(self) -> None:
        """Close the tab, forget what it stored and stop listening."""
        self._session = ""
        with suppress(RuntimeError, TimeoutError, ConnectionError):
            await self.call("Target.disposeBrowserContext", browserContextId=self._context)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        async for message in self._line:
            told = json.loads(message.data)
            if (answer := self._answers.pop(told.get("id", 0), None)) and not answer.done():
                if "error" in told:
                    answer.set_exception(RuntimeError(told["error"]["message"]))
                else:
                    answer.set_result(told["result"])
            elif fault := _fault(told):
                self.faults.append(fault)


def _fault(told: dict[str, Any]) -> str:
    method, params = told.get("method"), told.get("params", {})
    if method == "Runtime.exceptionThrown":
        return str(params["exceptionDetails"])
    if method == "Log.entryAdded" and params["entry"]["level"] == "error":
        return f"{params['entry']['text']} {params['entry'].get('url', '')}"
    if method == "Runtime.consoleAPICalled" and params["type"] == "error":
        return str(params["args"])
    if method == "Page.javascriptDialogOpening":
        return f"dialog: {params['message']}"
    return ""


@contextmanager
def running(path: str) -> Iterator[str]:
    """Run the Chromium at *path* with a profile of its own while the block runs; gives its address."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        log = Path(profile) / "stderr"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                (path, *FLAGS, f"--user-data-dir={profile}", "about:blank"),
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            try:
                yield _address(process, Path(profile) / "DevToolsActivePort", log)
            finally:
                process.terminate()
                process.wait(10)


def _address(process: "subprocess.Popen[bytes]", announced: Path, log: Path) -> str:
    """Wait for the file in which Chromium writes its port and path; nothing tells when it is there."""
    for _ in range(600):
        lines = announced.read_text().split("\n") if announced.exists() else []
        if len(lines) > 1 and lines[1]:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        if process.poll() is not None:
            break
        threading.Event().wait(0.05)
    raise RuntimeError(f"Chromium opened no protocol: {log.read_text(errors='replace')[-2000:]}")


@asynccontextmanager
async def tab(address: str) -> AsyncIterator[Page]:
    """A tab of the running browser, with no memory of other tabs, while the block runs."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, max_msg_size=1 << 26) as line,
    ):
        page = Page(line)
        try:
            yield await page.open()
        finally:
            await page.close()
