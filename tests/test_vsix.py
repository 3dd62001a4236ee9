"""What the extension carries: pinned releases that satisfy ours, laid side by side, started by any Python that can."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement as Needed
from tools.vsix.requirements import pinned
from tools.vsix.targets import PYTHONS, TARGETS, names
from tools.vsix.wheels import unpack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "client" / "bundled" / "server.py"


@pytest.mark.parametrize("target", names())
def test_each_platform_gets_all_that_gradsafe_needs(target: str) -> None:
    carried = {each.name.lower(): each for each in pinned() if each.is_for(target)}
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for need in map(Needed, needs):
        assert need.specifier.contains(carried[need.name].version), need
    assert [each.name for each in carried.values() if each.native] == ["libcst"]


def test_every_platform_of_the_market_place_but_32_bit_arm() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS) == 8
    assert PYTHONS == ("3.10", "3.11", "3.12", "3.13", "3.14")


def _wheel(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_compiled_modules_lie_side_by_side_and_what_is_not_used_stays_out(tmp_path: Path) -> None:
    common = {"libcst/__init__.py": "one", "libcst/tests/test_it.py": "", "libcst/native.pyi": ""}
    wheels = [
        _wheel(tmp_path / f"libcst-{tag}.whl", {**common, f"libcst/native.{tag}.so": tag})
        for tag in ("cpython-310", "cpython-311")
    ]
    unpack(wheels, tmp_path / "libs")
    found = sorted(str(path.relative_to(tmp_path / "libs")) for path in (tmp_path / "libs").rglob("*.*"))
    assert found == ["libcst/__init__.py", "libcst/native.cpython-310.so", "libcst/native.cpython-311.so"]


def test_wheels_that_differ_in_a_common_file_are_refused(tmp_path: Path) -> None:
    wheels = [_wheel(tmp_path / f"{text}.whl", {"libcst/__init__.py": text}) for text in ("one", "two")]
    with pytest.raises(ValueError, match="another __init__"):
        unpack(wheels, tmp_path / "libs")


def test_nothing_leaves_the_folder(tmp_path: Path) -> None:
    unpack(
        [_wheel(tmp_path / "bad.whl", {"../out.py": "", "/root.py": "", "x.data/scripts/y": ""})],
        tmp_path / "libs",
    )
    assert not (tmp_path / "libs").exists()


def _carried(tmp_path: Path, native: str) -> Path:
    """The start script beside libraries that say where they were imported from."""
    script = tmp_path / "server.py"
    shutil.copy(SCRIPT, script)
    for package, text in (("libcst", ""), ("gradsafe/lsp", "def start():\n    print('started')\n")):
        folder = tmp_path / "libs" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text)
    (tmp_path / "libs" / "gradsafe" / "__init__.py").write_text("")
    (tmp_path / "libs" / "libcst" / native).write_text("")
    return script


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False)


def test_a_python_that_can_run_it_says_yes_and_runs_what_is_carried(tmp_path: Path) -> None:
    from importlib.machinery import EXTENSION_SUFFIXES

    script = _carried(tmp_path, f"native{EXTENSION_SUFFIXES[0]}")
    # A folder that somebody else wrote: nothing of it may be imported.
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "libcst.py").write_text("raise SystemExit('imported from the open folder')")
    assert _run(str(script), "--check", cwd=tmp_path / "work").stdout.strip() == "yes"
    assert _run("-I", str(script), cwd=tmp_path / "work").stdout.strip() == "started"


def test_a_python_without_a_compiled_module_says_so(tmp_path: Path) -> None:
    script = _carried(tmp_path, "native.cpython-399-nowhere.so")
    assert "carries no parser for Python" in _run(str(script), "--check", cwd=tmp_path).stdout
    ended = _run("-I", str(script), cwd=tmp_path)
    assert ended.returncode == 1 and "carries no parser" in ended.stderr


def test_every_python_can_read_the_start_script() -> None:
    vermin = pytest.importorskip("vermin")
    visitor = vermin.visit(SCRIPT.read_text("utf-8"), vermin.Config())
    assert visitor.minimum_versions()[1] in (None, (3, 0), (3, 3)), visitor.minimum_versions()
