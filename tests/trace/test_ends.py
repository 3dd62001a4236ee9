"""Every way in which a run can end badly: a message of its own, a remedy, nothing lost, no traceback of ours."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.trace import TraceRequest, TraceResult, exit_code, render_text, run_trace, to_json
from gradsafe.trace.child import run_child
from gradsafe.trace.streams import OUTPUT_LIMIT

from .conftest import LOUD, Write

CAUGHT = (
    LOUD.replace("y.sum().backward()", "try:\n    y.sum().backward()\nexcept RuntimeError:\n    pass") + "\n"
)


def _slug(result: TraceResult) -> str:
    assert result.problem is not None
    assert result.problem.message
    assert "Traceback" not in render_text(result)
    return result.problem.slug


@pytest.mark.usefixtures("no_torch")
def test_no_torch(program: Write) -> None:
    result = run_trace(program("print(1)\n"))
    assert (result.outcome, _slug(result), exit_code(result)) == ("failed", "no-torch", 2)
    assert result.problem is not None and "--python" in result.problem.remedy


def test_no_such_file_folder_or_interpreter(program: Write, tmp_path: Path) -> None:
    assert _slug(run_trace(TraceRequest(str(tmp_path / "none.py")))) == "no-file"
    assert _slug(run_trace(TraceRequest(str(tmp_path)))) == "a-folder"
    result = run_trace(program("", python=str(tmp_path / "python")))
    assert (_slug(result), exit_code(result)) == ("no-interpreter", 2)
    not_one = tmp_path / "text"
    not_one.write_text("hello")
    not_one.chmod(0o755)
    assert _slug(run_trace(program("", python=str(not_one)))) == "cannot-start"


@pytest.mark.usefixtures("no_torch")
def test_syntax_error_and_missing_cell(program: Write) -> None:
    result = run_trace(program("x = 1\ny = (\n"))
    assert (_slug(result), result.problem.row if result.problem else None) == ("syntax", 2)
    assert _slug(run_trace(program("x = 1\n", cell=4))) == "no-cell"


def test_sys_exit_keeps_the_story(program: Write) -> None:
    result = run_trace(program(CAUGHT + "import sys\nsys.exit(3)\n"))
    assert (result.outcome, len(result.findings), exit_code(result)) == ("completed", 1, 1)


def test_os_exit_keeps_the_story(program: Write) -> None:
    result = run_trace(program(CAUGHT + "import os\nos._exit(3)\n"))
    assert (result.outcome, len(result.findings)) == ("completed", 1)


def test_signal(program: Write) -> None:
    result = run_trace(program("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"))
    assert (result.outcome, _slug(result), exit_code(result)) == ("raised", "killed", 1)
    assert result.exception is not None
    assert result.exception.type == "SIGSEGV"


def test_timeout_keeps_the_story(program: Write) -> None:
    result = run_trace(program(CAUGHT + "print('on', flush=True)\nwhile True:\n    pass\n", timeout=20.0))
    assert (result.outcome, _slug(result), exit_code(result)) == ("timeout", "timeout", 3)
    assert len(result.findings) == 1
    assert '"timeout"' in to_json(result)


def test_cancel_ends_the_whole_group(program: Write, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "print('started', flush=True)\n"
        "time.sleep(600)\n"
    )
    cancel = threading.Event()
    result = run_trace(program(text), cancel=cancel, on_output=lambda _stream, _text: cancel.set())
    assert (result.outcome, exit_code(result)) == ("cancelled", 130)
    assert _gone(int(pid.read_text()))


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_flood_is_cut_and_the_child_goes_on() -> None:
    code = "import sys\nfor _ in range(64): sys.stdout.write('x' * (1 << 16))\nsys.stderr.write('end')\n"
    passed: list[str] = []
    ended = run_child(
        [sys.executable, "-c", code], os.environ, on_output=lambda _stream, text: passed.append(text)
    )
    assert ended.status == 0
    assert ended.output["stderr"] == "end"
    assert OUTPUT_LIMIT < len(ended.output["stdout"]) < OUTPUT_LIMIT + 200
    assert "the rest is left out" in ended.output["stdout"]


def test_own_exit_status_is_no_failure_of_ours(program: Write) -> None:
    result = run_trace(program("raise ValueError('theirs')\n"))
    assert result.exception is not None
    assert (result.outcome, result.exception.type, result.exception.row) == ("raised", "ValueError", 1)
    assert (result.findings, result.problem) == ((), None)


def test_threads_are_traced_and_waited_for(program: Write) -> None:
    body = "".join("    " + line + "\n" for line in LOUD.splitlines())
    text = f"import threading, time\ndef work():\n    time.sleep(0.2)\n{body}threading.Thread(target=work).start()\n"
    result = run_trace(program(text))
    assert (result.outcome, [finding.code for finding in result.findings]) == (
        "completed",
        ["saved-tensor-modified"],
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_program_of_another_process_does_not_report(program: Write) -> None:
    text = "import os\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\n" + CAUGHT
    assert len(run_trace(program(text)).findings) == 1
