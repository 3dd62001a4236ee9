"""How long other requests take while a traced run goes on: ``python tests/lsp/latency.py`` prints it, no test waits for it."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from session import REAL, Session, connected

CALM = """\
import torch


def f(x):
    y = x.exp()
    y.add_(1)
    return y.sum()


"""
RUNS = {
    "no run": None,
    "an endless loop": "while True:\n    pass\n",
    "output without end": "while True:\n    print('x' * 200)\n",
    "training steps": "w = torch.randn(64, 64, requires_grad=True)\nwhile True:\n    (w @ w).sigmoid().sum().backward()\n",
}
REQUESTS = 100


async def measured(session: Session, uri: str, running: Callable[[], bool]) -> list[float]:
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        await session.hover(uri, 5, 6)
        times.append((time.perf_counter() - started) * 1000)
        assert running()
    return sorted(times)


async def main() -> None:
    for name, code in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            async with connected(
                REAL, root=Path(folder), options={"trace": {"notification": True}}
            ) as session:
                uri = Path(folder, "model.py").as_uri()
                session.open(uri, CALM + (code or ""))
                await session.diagnostics(uri, 1)
                await session.hover(uri, 5, 6)
                run = (
                    asyncio.ensure_future(session.command("gradsafe.runAndTraceFile", uri)) if code else None
                )
                await asyncio.sleep(6)  # torch is there, the program is in its loop
                times = await measured(session, uri, lambda run=run: run is None or not run.done())  # type: ignore[misc]
                await session.command("gradsafe.cancelTrace")
                if run is not None:
                    await run
                assert len(session.traced) + len(session.output) >= 0
                print(
                    f"{name:20} median {statistics.median(times):6.1f} ms   95% {times[94]:6.1f}   max {times[-1]:6.1f}"
                )


asyncio.run(main())
