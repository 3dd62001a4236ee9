"""The other commands, and the command line as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource
from sample_programs import BROKEN, CLEAN

from gradsafe.report.json_format import SCHEMA


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradsafe", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120
    )


def test_version_and_help(tmp_path: Path) -> None:
    assert program("--version", cwd=tmp_path).stdout.startswith("gradsafe ")
    told = program("--help", cwd=tmp_path)
    assert told.returncode == 0
    assert all(command in told.stdout for command in ("check", "fix", "trace", "rule", "server", "dump"))
    assert program(cwd=tmp_path).returncode == 2
    assert program("chek", cwd=tmp_path).returncode == 2


def test_starting_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys; from gradsafe.cli.parser import parse_arguments; parse_arguments(['server', '--stdio']); "
        "print([name for name in ('libcst', 'rich', 'pygls', 'torch', 'gradsafe.interp') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN * 1, "utf-8")
    command = f"{sys.executable} -m gradsafe rule saved-tensor-modified | head -1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "# saved-tensor-modified\n" and ran.stderr == ""


def test_output_that_the_locale_cannot_say(tmp_path: Path) -> None:
    (tmp_path / "ü.py").write_text(BROKEN.replace("y", "名"), "utf-8")
    for name in ("full", "json"):
        ran = subprocess.run(
            [sys.executable, "-X", "utf8=0", "-m", "gradsafe", "check", "--output-format", name, "."],
            capture_output=True, cwd=tmp_path, env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        assert ran.returncode == 1 and b"Traceback" not in ran.stderr
    assert json.loads(ran.stdout.decode("utf-8"))[0]["code"] == "saved-tensor-modified"


def test_rule(gradsafe) -> None:  # type: ignore[no-untyped-def]
    assert gradsafe("rule", "leaf-modified").out.startswith("# leaf-modified\n\n")
    assert "saved-tensor-modified" in gradsafe("rule").out
    ran = gradsafe("rule", "leaf")
    assert ran.status == 2 and "Did you mean" in ran.err


@pytest.mark.parametrize("stage", ["ir", "events", "findings", "state"])
def test_dump(gradsafe, tmp_path: Path, stage: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken.py").write_text(BROKEN, "utf-8")
    ran = gradsafe("dump", stage, "broken.py")
    assert (ran.status == 0 and "5:1" in ran.out) or stage == "state"
    if stage == "state":
        assert "saved by exp as result at v0" in ran.out
    assert gradsafe("dump", stage, "missing.py").status == 2


def test_server_refuses_a_port_that_is_none(gradsafe) -> None:  # type: ignore[no-untyped-def]
    ran = gradsafe("server", "--tcp", "nowhere:http")
    assert ran.status == 2 and "is not a port" in ran.err


@pytest.mark.torch
def test_trace(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "broken.py").write_text("import sys\nprint(sys.argv[1:])\n" + BROKEN, "utf-8")
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    told = program("trace", "broken.py", "--", "--epochs", "1", cwd=tmp_path)
    assert told.returncode == 1 and "['--epochs', '1']" in told.stdout and "broken.py:7:1" in told.stdout
    as_json = program("trace", "--output-format", "json", "broken.py", cwd=tmp_path)
    found = json.loads(as_json.stdout)
    schemas = [
        json.loads((SCHEMA / f"{name}.schema.json").read_text("utf-8")) for name in ("findings", "trace")
    ]
    registry = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in schemas)
    jsonschema.Draft202012Validator(schemas[1], registry=registry).validate(found)
    assert found["outcome"] == "raised" and found["exception"]["row"] == 8
    told = program("trace", "--html", "report.html", "clean.py", cwd=tmp_path)
    assert told.returncode == 0
    assert "clean.py" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trace", "missing.py"), "missing.py"),
        (("trace", "--python", "no-such-python", "clean.py"), "no-such-python"),
        (("trace", "--timeout", "0", "clean.py"), "not a number of seconds"),
        (("trace", "--cell", "one", "clean.py"), "not a cell number"),
        (("trace", "--html", ".", "clean.py"), "is a folder"),
        (("trace", "--html", "none/report.html", "clean.py"), "does not exist"),
        (("trace", "--html", "/dev/full", "clean.py"), "No space left"),
    ],
)
def test_trace_of_what_cannot_run(gradsafe, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    ran = gradsafe(*arguments)
    assert ran.status == 2 and message in ran.err
