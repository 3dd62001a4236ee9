"""What a function under ``lru_cache`` gives for constants is worked out once; what it does to tensors or globals happens on the path."""

from __future__ import annotations

from pathlib import Path

from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

HEAD = "import functools\nimport torch\nfrom importlib.util import find_spec\n\n\n@functools.lru_cache\n"


def check(text: str, tmp_path: Path) -> FileResult:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "a.py")
    session.set_text(file, HEAD + text)
    return session.check(file)


def told(result: FileResult) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity.value) for finding in result.findings]


USE = "def f():\n    x = torch.ones(3, requires_grad=True)\n    y = x.exp()\n    if wanted():\n        y.add_(1)\n    y.sum().backward()\n"


def test_a_constant_is_known(tmp_path: Path) -> None:
    assert told(check("def wanted():\n    return not False\n\n" + USE, tmp_path)) == [
        ("saved-tensor-modified", "error")
    ]
    assert told(check("def wanted():\n    return not True\n\n" + USE, tmp_path)) == []


def test_what_is_installed_stays_open_and_the_same(tmp_path: Path) -> None:
    outside = "def wanted():\n    return find_spec('other') is not None\n\n"
    assert told(check(outside + USE, tmp_path)) == [("saved-tensor-modified", "error")]
    twice = USE.replace("    y.sum()", "    if not wanted():\n        y.sum()")
    assert told(check(outside + twice, tmp_path)) == []


def test_it_is_worked_out_once_for_all_roots(tmp_path: Path) -> None:
    long = "def wanted():\n    n = 0\n" + "    n = n + len(str(n))\n" * 100 + "    return n == 7\n\n"
    users = "".join(f"def f{i}():\n    return wanted()\n\n" for i in range(30))
    assert check(long + users, tmp_path).work.instructions < 30 * 50


def test_a_tensor_that_it_makes_is_made_on_the_path(tmp_path: Path) -> None:
    table = "def table():\n    return torch.ones(3, requires_grad=True)\n\n"
    result = check(table + "def f():\n    table().add_(1)\n", tmp_path)
    assert told(result) == [("leaf-modified", "error")]


def test_a_global_that_it_sets_is_set(tmp_path: Path) -> None:
    setting = "def ready():\n    global flag\n    flag = True\n    return True\n\n"
    result = check(setting + "def wanted():\n    ready()\n    return flag\n\n" + USE, tmp_path)
    assert told(result) == [("saved-tensor-modified", "error")]
