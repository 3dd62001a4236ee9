"""Every way in which a run can end badly: a message of its own, a remedy, nothing lost, no traceback of ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from gradsafe.trace import TraceRequest, TraceResult, exit_code, render_text, run_trace, to_json
from gradsafe.trace.child import run_child
from gradsafe.trace.streams import OUTPUT_LIMIT, Pump

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
    assert result.notes == ("the program called sys.exit(3) at line 11: what stands after it did not run",)
    assert run_trace(program("import sys\nsys.exit()\n")).notes == ()


def test_system_exit_with_a_text_says_it(program: Write) -> None:
    passed: list[str] = []
    result = run_trace(
        program("def load():\n    raise SystemExit('no data/train.bin')\nload()\n"),
        on_output=lambda _stream, text: passed.append(text),
    )
    assert (result.outcome, result.exception, exit_code(result)) == ("completed", None, 0)
    assert result.notes == ("the program gave up with SystemExit at line 2: no data/train.bin",)
    assert "".join(passed) == "no data/train.bin\n", "as Python prints it"


def test_os_exit_keeps_the_story(program: Write) -> None:
    result = run_trace(program(CAUGHT + "import os\nos._exit(3)\n"))
    assert (result.outcome, len(result.findings)) == ("completed", 1)
    assert result.notes == ("the program called os._exit(3) at line 11: nothing after it ran, in no thread",)


def test_segmentation_fault_names_the_line(program: Write) -> None:
    result = run_trace(program("import ctypes\ndef read():\n    ctypes.string_at(0)\nread()\n"))
    assert (result.outcome, _slug(result), exit_code(result)) == ("raised", "killed", 1)
    assert result.problem is not None and result.exception is not None
    assert "crashed at" in result.problem.message and "program.py:3 (SIGSEGV)" in result.problem.message
    assert (result.exception.type, result.exception.row, result.problem.row) == ("SIGSEGV", 3, 3)
    assert "native extension" in result.problem.remedy


def test_killed_by_the_system(program: Write) -> None:
    result = run_trace(program("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"))
    assert (result.outcome, _slug(result)) == ("raised", "killed")
    assert result.problem is not None
    assert "as happens where memory runs out" in result.problem.message
    assert "smaller batch" in result.problem.remedy


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
    assert result.notes in ((f"it was at line {row} when it was ended",) for row in (11, 12))


def test_timeout_in_native_code_that_lets_nobody_in(program: Write) -> None:
    result = run_trace(program("import torch\nprint('on', flush=True)\nsum(range(10**15))\n", timeout=8.0))
    assert (result.outcome, _slug(result), exit_code(result)) == ("timeout", "timeout", 3)


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
    passed: list[str] = []
    result = run_trace(program(text), on_output=lambda _stream, text: passed.append(text))
    assert (result.outcome, [finding.code for finding in result.findings]) == (
        "completed",
        ["saved-tensor-modified"],
    )
    told = "".join(passed)
    assert "program.py" in told and "modified by an inplace operation" in told
    assert "gradsafe_tracer" not in told, "the traceback of an uncaught error is the plain one"


def test_forks_end_as_they_do_alone_and_are_named(program: Write) -> None:
    text = (
        "import os, sys\n"
        "for end in ('sys.exit(7)', '1 / 0', 'pass'):\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n        exec(end)\n        break\n"
        "    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    result = run_trace(program(text))
    assert (result.output, result.outcome) == ("7\n1\n0\n", "completed")
    [note] = result.notes
    assert note.startswith("3 child processes were made with fork")


WORK = """\
import multiprocessing, torch
def work(queue):
    y = torch.ones(3, requires_grad=True).exp()
    y.add_(1)
    try:
        y.sum().backward()
    except RuntimeError as error:
        queue.put("as loud as alone" if "modified by an inplace operation" in str(error) else str(error))
    else:
        queue.put("silent")
if __name__ == "__main__":
    context = multiprocessing.get_context(HOW)
    queue = context.Queue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    print(queue.get())
    process.join()
    print(process.exitcode)
"""


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_processes_of_multiprocessing(program: Write, how: str) -> None:
    result = run_trace(program(WORK.replace("HOW", repr(how))))
    assert (result.output, result.outcome, result.findings) == ("as loud as alone\n0\n", "completed", ())
    assert [note.split(" (")[0] for note in result.notes] == (
        ["a child process was made with fork"] if how == "fork" else []
    )


def test_workers_of_a_data_loader(program: Write) -> None:
    text = (
        "import torch\nfrom torch.utils.data import DataLoader, Dataset\n"
        "class Rows(Dataset):\n    def __len__(self):\n        return 4\n"
        "    def __getitem__(self, row):\n        return torch.ones(3).add_(row)\n"
        "net = torch.nn.Linear(3, 1)\n"
        "for rows in DataLoader(Rows(), batch_size=2, num_workers=2):\n    net(rows).exp().sum().backward()\n"
        "print(net.weight.grad is not None)\n"
    )
    result = run_trace(program(text))
    assert (result.output, result.outcome, result.findings) == ("True\n", "completed", ())
    assert "2 child processes were made with fork" in result.notes[0]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_an_interpreter_that_is_too_old(program: Write, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text(f"""#!/bin/sh
exec {sys.executable} -c 'import sys; sys.version_info = (3, 8, 18, "final", 0); exec(sys.argv[3])' "$@"
""")
    old.chmod(0o755)
    passed: list[str] = []
    result = run_trace(
        program("print(1)\n", python=str(old)), on_output=lambda _stream, text: passed.append(text)
    )
    assert (result.outcome, _slug(result), exit_code(result), passed) == ("failed", "old-python", 2, [])
    assert result.problem is not None and "Python 3.9" in result.problem.message


OTHER_TORCHES = [
    ("__version__ = '1.13.1'\n", "old-torch", "torch 1.13.1 is older than 2.1", "upgrade it"),
    ("__version__ = '2.0.1+cu118'\n", "old-torch", "torch 2.0.1+cu118 is older", "upgrade it"),
    ("x = 1\n", "torch-broken", "is not PyTorch", "Repair"),
    (
        "raise ImportError('libtorch.so: no such file')\n",
        "torch-broken",
        "libtorch.so: no such file",
        "Repair",
    ),
]


@pytest.mark.parametrize(("text", "slug", "said", "remedy"), OTHER_TORCHES)
def test_another_torch(
    program: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    slug: str,
    said: str,
    remedy: str,
) -> None:
    (tmp_path / "other" / "torch").mkdir(parents=True)
    (tmp_path / "other" / "torch" / "__init__.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other"))
    result = run_trace(program("print(1)\n"))
    assert (result.outcome, _slug(result), exit_code(result), result.output) == ("failed", slug, 2, "")
    assert result.problem is not None
    assert said in result.problem.message and remedy in result.problem.remedy


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
@pytest.mark.parametrize("use", ["torch.ones(3, device='cuda')", "torch.nn.Linear(2, 2).cuda()"])
def test_no_cuda(program: Write, use: str) -> None:
    result = run_trace(program(f"import torch\nx = {use}\n"))
    assert result.exception is not None and result.exception.row == 2
    [note] = result.notes
    assert "the program needs CUDA, and torch finds none here" in note and "--dry-run" in note


def test_no_room_for_temporary_files(program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    result = run_trace(program("x = 1\n"))
    assert (result.outcome, _slug(result), exit_code(result)) == ("failed", "no-room", 2)
    assert result.problem is not None and "TMPDIR" in result.problem.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
def test_a_disk_that_takes_nothing_more(program: Write) -> None:
    text = CAUGHT + "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nprint('ran')\n"
    result = run_trace(program(text))
    assert (result.outcome, _slug(result), result.output) == ("completed", "log", "ran\n")
    assert result.problem is not None
    assert (
        "the events could not be written" in result.problem.message
        and "File too large" in result.problem.message
    )


@pytest.mark.parametrize("token", [None, "token"])
def test_a_gigabyte_of_output_takes_no_memory(token: str | None) -> None:
    code = "import os\nblock = b'x' * 65535 + b'\\n'\nfor _ in range(1 << 14): os.write(1, block)\n"
    passed: list[int] = []
    process = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    tracemalloc.start()
    pump = Pump("stdout", process.stdout, lambda _stream, text: passed.append(len(text)), token)
    assert process.wait() == 0
    pump.join(60)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert OUTPUT_LIMIT < sum(passed) == len(pump.text()) < OUTPUT_LIMIT + 200
    assert peak < 12 * OUTPUT_LIMIT


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_program_of_another_process_does_not_report(program: Write) -> None:
    text = "import os\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\n" + CAUGHT
    assert len(run_trace(program(text)).findings) == 1
