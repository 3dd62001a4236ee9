"""A program that ends badly harms nobody: the real server answers while it runs, and says afterwards what happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from session import REAL, Session, connected

pytest.importorskip("torch")

RUN, FILE = "gradsafe.runAndTraceCell", "gradsafe.runAndTraceFile"
ROUNDS = 10
WAITS = """\
# %%
import pathlib, sys, time
print("started", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""
OTHER = "import torch\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\ny.add_({})\ny.sum().backward()\n"


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Session]:
    options = {"trusted": True, "trace": {"notification": True}}
    async with connected(REAL, options=options, root=tmp_path) as connection:
        yield connection


class Other:
    """Somebody goes on with another file meanwhile: each edit has its diagnostics, each question its answer."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.uri = (folder / "other.py").as_uri()
        self.version = 1
        session.open(self.uri, OTHER.format(0))

    async def answered(self, running: asyncio.Future[Any] | None = None) -> int:
        """How many rounds of edit, diagnostics and hover were answered before ``running`` was through."""
        count = 0
        for _ in range(ROUNDS):
            self.version += 1
            self.session.change(self.uri, self.version, OTHER.format(self.version))
            found = await self.session.diagnostics(self.uri, self.version)
            assert [one.code for one in found] == ["saved-tensor-modified"]
            assert await self.session.hover(self.uri, 3, 0) is not None
            count += running is None or not running.done()
        return count


def looked_at(session: Session) -> list[Any]:
    """What the user was shown on the way: other tests read it."""
    return [*session.asked, *session.shown, *session.traced, *session.output]


async def _run(
    real: Session, folder: Path, fault: str, cancel: bool = False, cell: bool = True
) -> tuple[Any, int]:
    """What came of a program that does ``fault`` once others were answered, and how many answers they had."""
    file = folder / "model.py"
    file.touch()
    other = Other(real, folder)
    real.open(file.as_uri(), WAITS + fault)
    request = real.command(RUN, file.as_uri(), 1) if cell else real.command(FILE, file.as_uri())
    running = asyncio.ensure_future(request)
    await real.until(lambda: any("started" in one.text for one in real.output))
    answered = await other.answered(running)
    (folder / "go").touch()
    if cancel:
        answered += await other.answered(running)
        await real.command("gradsafe.cancelTrace")
    result = await asyncio.wait_for(running, 60)
    assert await other.answered() == ROUNDS
    looked_at(real)
    return result, answered


FAULTS = [
    ("sys.exit(3)\n", "called sys.exit(3)"),
    ("raise SystemExit('no data')\n", "called sys.exit(1)"),
    ("import os; os._exit(4)\n", "called os._exit(4)"),
    ("import ctypes; ctypes.string_at(0)\n", "crashed its interpreter (SIGSEGV)"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n", "memory runs out"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=["exit", "text", "_exit", "crash", "killed"])
async def test_the_end_of_the_process(real: Session, tmp_path: Path, fault: str, said: str) -> None:
    result, answered = await _run(real, tmp_path, fault)
    assert said in result["over"]
    assert "fresh" in result["report"]
    assert answered == ROUNDS


async def test_a_file_that_crashes(real: Session, tmp_path: Path) -> None:
    result, answered = await _run(real, tmp_path, "import ctypes; ctypes.string_at(0)\n", cell=False)
    assert "model.py:6 (SIGSEGV)" in result["report"]
    assert (result["outcome"], answered) == ("raised", ROUNDS)


async def test_an_endless_loop_is_ended_by_the_user(real: Session, tmp_path: Path) -> None:
    result, answered = await _run(real, tmp_path, "while True:\n    pass\n", cancel=True)
    assert (result["outcome"], answered) == ("cancelled", 2 * ROUNDS)


async def test_a_flood_of_output(real: Session, tmp_path: Path) -> None:
    result, answered = await _run(
        real, tmp_path, "for _ in range(256):\n    sys.stdout.write('x' * (1 << 20))\n"
    )
    assert (result["outcome"], answered) == ("completed", ROUNDS)
    printed = sum(len(one.text) for one in real.output)
    assert 1 << 20 < printed < (1 << 20) + 300
    assert "the rest is left out" in real.output[-1].text


async def test_forks_and_threads(real: Session, tmp_path: Path) -> None:
    fault = (
        "import os, threading, torch\n"
        "def step():\n    y = torch.ones(3, requires_grad=True).exp()\n    y.add_(1)\n"
        "    try:\n        y.sum().backward()\n    except RuntimeError:\n        print('raised', flush=True)\n"
        "pid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\n"
        "    thread = threading.Thread(target=step)\n    thread.start()\n    thread.join()\nelse:\n    step()\n"
    )
    result, answered = await _run(real, tmp_path, fault)
    assert (result["outcome"], answered) == ("completed", ROUNDS)
    assert "".join(one.text for one in real.output).count("raised") == 2
    assert "a child process was made with fork" in result["report"]
    assert "saved-tensor-modified" in result["report"]


async def test_no_torch_and_an_old_one(tmp_path: Path) -> None:
    for number, (text, said) in enumerate(
        [
            ("raise ModuleNotFoundError('no torch', name='torch')\n", "has no torch"),
            ("__version__ = '1.13.1'\n", "torch 1.13.1 is older than 2.1"),
        ]
    ):
        folder = tmp_path / str(number)
        (folder / "lib" / "torch").mkdir(parents=True)
        (folder / "lib" / "torch" / "__init__.py").write_text(text)
        options = {"trusted": True, "trace": {"notification": True}}
        env = {"PYTHONPATH": str(folder / "lib")}
        async with connected(REAL, options=options, root=folder, env=env) as real:
            other, uri = Other(real, folder), (folder / "model.py").as_uri()
            real.open(uri, "print(1)\n")
            result = await real.command(RUN, uri, 0)
            assert result["outcome"] == "failed"
            assert said in result["report"]
            assert await other.answered() == ROUNDS
            looked_at(real)
