"""Results that are kept on the disk: told to the letter as they were found, and never once they may be others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_programs import BROKEN, CLEAN, SILENT

from gradsafe.cli.check import tell_bounds, tell_troubles, with_proved_fixes
from gradsafe.cli.parser import FORMATS
from gradsafe.judging.cached_judge import CachedJudge
from gradsafe.judging.judge import Bound, Verdict
from gradsafe.project.cache.folder import InMemory, OnDisk
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry, in_order

FIXTURES = Path(__file__).parents[1] / "fixtures"
CALLER = """\
import torch
from layers import change


def step():
    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    change(y)
    y.sum().backward()
"""
CHANGES = "def change(t):\n    t.add_(1)\n"
HARMLESS = "def change(t):\n    return t + 1\n"


def judged(
    files: list[str], place: Path, jobs: int = 1
) -> tuple[list[Verdict], list[Entry], dict[str, int], list[Bound]]:
    """What ``check`` tells of, and what had to be done for it."""
    judge = CachedJudge(Settings(str(Path(files[0]).parent)), files, OnDisk(place, "test"))
    for _ in judge.ahead(files, jobs):
        pass
    verdicts = [judge.check(file) for file in files]
    entries = in_order(entry for verdict in verdicts for entry in verdict.entries)
    proved = [with_proved_fixes(judge, entry) for entry in entries]
    bounds = [bound for file in files for bound in judge.bounds(file)]
    judge.close()
    return verdicts, proved, judge.session.counts(), bounds


@pytest.mark.parametrize("folder", sorted(each.name for each in FIXTURES.iterdir() if each.is_dir()))
def test_nothing_is_run_again_and_the_same_is_told(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every format is a function of the entries and of the texts; what -v says is one of the verdicts."""
    files = sorted(str(path) for path in (FIXTURES / folder).rglob("*.py"))
    cold, warm = judged(files, tmp_path), judged(files, tmp_path)
    assert cold[:2] == warm[:2]
    assert [each.place for each in warm[1]] == [each.place for each in cold[1]]
    assert cold[2]["roots run"] > 0
    assert (warm[2]["instructions run"], warm[2]["roots run"], warm[2]["chunks parsed"]) == (0, 0, 0)
    said = []
    for verdicts, _, _, bounds in (cold, warm):
        for verdict in verdicts:
            tell_troubles(verdict)
        tell_bounds(bounds, len(files))
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "broken": BROKEN,
        "silent": SILENT,
        "clean": CLEAN,
        "caller": CALLER,
        "layers": CHANGES,
    }.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    (tmp_path / "torn.py").write_text("x = (\ny = 1\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_is_the_same_to_the_byte(gradsafe, project: Path, output_format: str) -> None:  # type: ignore[no-untyped-def]
    arguments = ("check", "-v", "--output-format", output_format, ".")
    fresh, cold, warm = gradsafe(*arguments, "--no-cache"), gradsafe(*arguments), gradsafe(*arguments)
    assert fresh == cold == warm and fresh.status == 1


def test_where_all_is_kept_the_analysis_is_not_even_imported(project: Path) -> None:
    """Findings, their fixes and texts and what could not be judged included: it is two thirds of a short run."""
    script = (
        "import sys; from gradsafe.cli import main; main(['check', '--cache-dir', 'kept', '.']); "
        "print([name for name in ('libcst', 'gradsafe.interp', 'gradsafe.project.session') if name in sys.modules])"
    )
    cold, warm = (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=project)
        for _ in range(2)
    )
    *told, imported = warm.stdout.splitlines()
    assert imported == "[]" and cold.stdout.splitlines()[:-1] == told
    assert (warm.stderr, warm.returncode) == (cold.stderr, cold.returncode)
    assert "saved-tensor-modified" in warm.stdout and "torn.py" in warm.stderr


class Run:
    """``check`` over a project, again and again; ``ran``: how many roots that took."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ran = folder, 0

    def found(self, *names: str, settings: Settings | None = None) -> set[tuple[str, str]]:
        files = [str(self.folder / f"{name}.py") for name in names]
        place = self.folder / "kept"
        judge = CachedJudge(settings or Settings(str(self.folder)), files, OnDisk(place, "test"))
        found = {(Path(file).stem, each.code) for file in files for each in judge.check(file).entries}
        judge.close()
        self.ran = judge.session.counts()["roots run"]
        fresh = CachedJudge(settings or Settings(str(self.folder)), files, InMemory())
        assert found == {(Path(file).stem, each.code) for file in files for each in fresh.check(file).entries}
        return found

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.py").write_text(text, "utf-8")


SAVED = "saved-tensor-modified"


@pytest.fixture
def run(project: Path) -> Run:
    return Run(project)


def test_what_an_import_says_now_counts(run: Run) -> None:
    assert run.found("caller", "layers", "broken") == {("layers", SAVED), ("broken", SAVED)}
    run.write("layers", HARMLESS)
    assert run.found("caller", "layers", "broken") == {("broken", SAVED)}
    assert run.ran == 4  # two of caller.py, two of layers.py, none of broken.py
    run.write("layers", CHANGES)
    assert run.found("caller", "layers", "broken") == {("layers", SAVED), ("broken", SAVED)}


def test_an_import_out_of_scope_counts_too(run: Run) -> None:
    run.write("caller", CALLER.replace("change(y)", "y = change(y)"))
    run.write("layers", "def change(t):\n    return t\n")
    assert run.found("caller") == set()
    run.write("layers", "def change(t):\n    t.add_(1)\n    return t\n")
    assert run.found("caller", "layers") == {("layers", SAVED)}


def test_a_module_that_was_missing(run: Run) -> None:
    (run.folder / "layers.py").unlink()
    assert run.found("caller") == set()
    assert run.found("caller") == set() and run.ran == 0
    run.write("layers", CHANGES)
    assert run.found("caller", "layers") == {("layers", SAVED)}
    (run.folder / "layers").mkdir()  # a package goes before a module
    (run.folder / "layers" / "__init__.py").write_text(HARMLESS, "utf-8")
    assert run.found("caller") == set() and run.ran > 0
    (run.folder / "layers" / "__init__.py").unlink()
    (run.folder / "layers.py").unlink()
    assert run.found("caller") == set()


def test_who_comes_into_scope_or_leaves_it(run: Run) -> None:
    assert run.found("layers") == set()
    assert run.found("layers", "caller") == {("layers", SAVED)}
    assert run.found("layers") == set() and run.ran == 0


def test_settings_decide_what_is_told_and_nothing_is_run_for_them(run: Run) -> None:
    assert run.found("broken") == {("broken", SAVED)}
    ignoring = Settings(str(run.folder), ignore=frozenset({SAVED}))
    assert run.found("broken", settings=ignoring) == set()
    assert run.found("broken") == {("broken", SAVED)} and run.ran == 0


def test_a_comment_that_suppresses(run: Run) -> None:
    assert run.found("caller", "layers") == {("layers", SAVED)}
    run.write("layers", CHANGES.replace("(1)", "(1)  # gradsafe: ignore"))
    assert run.found("caller", "layers") == set()


def entries(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in (".head", ".body", ".told"))


@pytest.mark.parametrize("what", ["cut", "empty", "another's", "not ours", "a folder"])
def test_a_broken_entry_is_none_and_is_replaced(gradsafe, project: Path, what: str) -> None:  # type: ignore[no-untyped-def]
    cache = project / "kept"
    arguments = ("check", "-v", ".", "--cache-dir", str(cache))
    good = gradsafe(*arguments)
    kept = {path: path.read_bytes() for path in entries(cache)}
    assert {path.suffix for path in kept} == {".head", ".body", ".told"}
    for path, data in kept.items():
        if what == "a folder":
            path.unlink()
            path.mkdir()
            continue
        others = next(each for each in kept.values() if each != data)
        path.write_bytes(
            {"cut": data[: len(data) // 2], "empty": b"", "another's": others}.get(what, b"\x80\x04.")
        )
    again = gradsafe(*arguments)
    assert (again.status, again.out) == (good.status, good.out)
    if what == "a folder":
        assert "results are not kept" in again.err
        return
    assert again.err == good.err
    assert {path: path.read_bytes() for path in entries(cache)} == kept


def test_only_the_head_is_left(gradsafe, project: Path) -> None:  # type: ignore[no-untyped-def]
    cache = project / "kept"
    good = gradsafe("check", "-v", ".", "--cache-dir", str(cache))
    for path in entries(cache):
        if path.suffix != ".head":
            path.unlink()
    assert gradsafe("check", "-v", ".", "--cache-dir", str(cache)) == good


def test_a_folder_that_cannot_be_made_or_written(gradsafe, project: Path) -> None:  # type: ignore[no-untyped-def]
    (project / "kept").write_text("", "utf-8")
    good = gradsafe("check", ".", "--no-cache")
    assert gradsafe("check", ".", "--cache-dir", "kept") == good
    told = gradsafe("check", "-v", ".", "--cache-dir", "kept").err
    assert "results are not kept" in told and "kept" in told


def test_a_folder_that_others_can_write_to_is_not_read(gradsafe, project: Path) -> None:  # type: ignore[no-untyped-def]
    cache = project / "kept"
    good = gradsafe("check", ".", "--cache-dir", str(cache))
    cache.chmod(0o777)
    assert gradsafe("check", ".", "--cache-dir", str(cache)) == good
    assert "others can write to" in gradsafe("check", "-v", ".", "--cache-dir", str(cache)).err


def test_two_runs_at_once(project: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "gradsafe",
        "check",
        ".",
        "--output-format",
        "json",
        "--cache-dir",
        "kept",
    ]
    running = [
        subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [each.communicate() for each in running]
    assert told[0] == told[1]
    assert subprocess.run(command, cwd=project, capture_output=True, check=False).stdout == told[0][0]
    assert len(json.loads(told[0][0])) == 3
    assert not list((project / "kept").rglob("*.part"))


def test_fix_and_check_share(gradsafe, project: Path) -> None:  # type: ignore[no-untyped-def]
    gradsafe("check", ".")
    fixed = gradsafe("fix", ".", "--diff")
    assert fixed == gradsafe("fix", ".", "--diff", "--no-cache") and fixed.status == 1
    gradsafe("fix", "broken.py")
    assert "y = y.add(1)" in (project / "broken.py").read_text("utf-8")
    assert gradsafe("check", "broken.py").status == 0


def test_the_variable_and_clean(gradsafe, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    cache = project / "mine"
    monkeypatch.setenv("GRADSAFE_CACHE_DIR", str(cache))
    gradsafe("check", ".", "--no-cache")
    assert not cache.exists()
    gradsafe("check", ".")
    assert list(entries(cache))
    (cache / "a thesis").write_text("", "utf-8")
    ran = gradsafe("clean")
    assert ran.status == 0 and "removed from" in ran.out
    assert [path.name for path in cache.iterdir()] == ["a thesis"]
    assert "0 entries" in gradsafe("clean").out


def test_a_project_cannot_say_where(gradsafe, project: Path) -> None:  # type: ignore[no-untyped-def]
    (project / "pyproject.toml").write_text('[tool.gradsafe]\ncache-dir = "here"\n', "utf-8")
    assert "unknown setting 'cache-dir'" in gradsafe("check", "clean.py").err
    assert not (project / "here").exists()


def test_what_nobody_used_for_long_goes_first(tmp_path: Path) -> None:
    place = tmp_path / "kept"
    folder = OnDisk(place, "old")
    for number in range(8):
        folder.write(f"{number:08}", os.urandom(500).hex())
        path = next(place.rglob(f"*{number:06}"))
        os.utime(path, (path.stat().st_mtime - 1000 + number,) * 2)
    size = sum(path.stat().st_size for path in place.rglob("*0*") if path.is_file())
    newer = OnDisk(place, "new", limit=size)
    newer.write("00000009", "x" * 4000)
    newer.close()
    left = {path.name for path in place.rglob("0*") if path.is_file()}
    assert "000009" in left and "000007" in left and "000000" not in left
    for path in place.rglob("0*"):
        os.utime(path, (0, 0))
    last = OnDisk(place, "new")
    last.write("00000010", "y")
    last.close()
    assert {path.name for path in place.rglob("0*") if path.is_file()} == {"000010"}


def test_settings_that_decide_on_results_have_results_of_their_own(gradsafe: Any, tmp_path: Path) -> None:
    Path("layers.py").write_text(CHANGES)
    Path("caller.py").write_text(CALLER)
    Path("loss.py").write_text("def f(x, w):\n    p = x * w\n    q = p * x\n    p += 1\n    return q\n")
    file = Path("pyproject.toml")
    keep = ("--cache-dir", str(tmp_path / "kept"))
    for _ in range(2):
        file.write_text("[tool.gradsafe]\n")
        assert "note" not in gradsafe("check", "loss.py", "layers.py", *keep).out
        file.write_text('[tool.gradsafe]\ntensor-names = ["?"]\n')
        assert "1 note in 2 files" in gradsafe("check", "loss.py", "layers.py", *keep).out
        file.write_text('[tool.gradsafe]\nentry-points = ["caller:step"]\n')
        ran = gradsafe("check", "loss.py", "layers.py", *keep)
        assert "--> layers.py:2:5" in ran.out
        assert "1 error in 2 files" in ran.out


def test_an_entry_point_that_is_not_there_is_said(gradsafe: Any) -> None:
    Path("pyproject.toml").write_text('[tool.gradsafe]\nentry-points = ["train.py:main"]\n')
    Path("model.py").write_text(CLEAN)
    ran = gradsafe("check", "model.py")
    assert "pyproject.toml:2:18: there is no 'train.py'. Name a file or a module" in ran.err
