"""``gradsafe check --watch``: each check of it is a check of what there is by then. The changes come from the tests, and no test waits."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sample_programs import BROKEN, CLEAN

from gradsafe.cli.parser import parse_arguments
from gradsafe.cli.watch import Watch, matters
from gradsafe.project.cache.folder import InMemory
from gradsafe.project.session import Session

Step = Callable[[], object]


class Watched:
    """Runs a watch over steps: after each check the next one is made; after the last, Ctrl+C."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd
        self.said: list[str] = []
        self.told: list[str] = []
        self.folders: list[tuple[str, ...]] = []
        self.looked_at: set[str] = set()

    def run(self, *steps: Step, arguments: Iterable[str] = (".",)) -> int:
        left = iter(steps)

        def changes(folders: tuple[str, ...], files: Callable[[], Iterable[str]]) -> Iterator[object]:
            self.folders.append(folders)
            yield "the first"
            while True:
                out, err = self._capfd.readouterr()
                self.said.append(out)
                self.told.append(err)
                self.looked_at = set(files())
                step = next(left, None)
                if step is None:
                    raise KeyboardInterrupt
                step()
                yield "a change"

        given = parse_arguments(["check", "--watch", "--output-format", "concise", *arguments])
        self.screen = io.StringIO()
        return Watch(given, InMemory(), changes, Console(file=self.screen, width=200)).run()

    def write(self, name: str, text: str) -> Step:
        return lambda: (self.folder / name).write_text(text, "utf-8")

    def remove(self, name: str) -> Step:
        return lambda: (self.folder / name).unlink()

    @property
    def lines(self) -> list[str]:
        return [line.partition("] ")[2] for line in self.screen.getvalue().splitlines()]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Watched:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("", "utf-8")
    (tmp_path / "a.py").write_text(BROKEN, "utf-8")
    (tmp_path / "b.py").write_text(CLEAN, "utf-8")
    return Watched(tmp_path, capfd)


ENDS = " Watching for changes; Ctrl+C ends."


def test_each_change_is_checked(watched: Watched) -> None:
    status = watched.run(watched.write("a.py", CLEAN), watched.write("b.py", BROKEN))
    assert watched.lines == [
        f"1 finding in 1 of 2 files.{ENDS}",
        f"0 findings in 0 of 2 files.{ENDS}",
        f"1 finding in 1 of 2 files.{ENDS}",
    ]
    assert [("a.py:5" in said, "b.py:5" in said) for said in watched.said] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert status == 1


def test_ctrl_c_ends_with_the_status_of_the_last_check(watched: Watched) -> None:
    assert watched.run(watched.write("a.py", CLEAN)) == 0


def test_ctrl_c_before_the_first_check_is_over(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: argparse.Namespace, folder: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradsafe.cli.watch.check", interrupted)
    assert watched.run() == 130


def test_only_what_is_affected_is_run(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []
    original = Session._run
    monkeypatch.setattr(
        Session, "_run", lambda self, root, *rest: run.append(root.file) or original(self, root, *rest)
    )
    counts: list[int] = []

    def counting(step: Step) -> Step:
        def counted() -> None:
            counts.append(len(run))
            run.clear()
            step()

        return counted

    watched.run(
        counting(watched.write("b.py", CLEAN + "\nz = 1\n")), counting(lambda: None), counting(lambda: None)
    )
    assert counts[0] > counts[1] > counts[2] == 0


def test_files_come_and_go(watched: Watched) -> None:
    status = watched.run(
        watched.write("c.py", BROKEN),
        watched.remove("a.py"),
        watched.remove("b.py"),
        watched.remove("c.py"),
        watched.write("a.py", CLEAN),
    )
    assert [line.removesuffix(ENDS) for line in watched.lines] == [
        "1 finding in 1 of 2 files.", "2 findings in 2 of 3 files.", "1 finding in 1 of 2 files.", "1 finding in 1 of 1 file.",
        "Nothing could be checked.", "0 findings in 0 of 1 file.",
    ]  # fmt: skip
    assert "no Python file" in watched.told[4] and status == 0


def test_a_named_file_that_is_gone_may_come_back(watched: Watched) -> None:
    status = watched.run(watched.remove("a.py"), watched.write("a.py", BROKEN), arguments=("a.py",))
    assert "no such file" in watched.told[1] and "1 finding" in watched.lines[2] and status == 1


def test_a_folder_that_is_removed_is_waited_for_where_it_was(watched: Watched) -> None:
    inner = watched.folder / "inner"
    inner.mkdir()
    (inner / "a.py").write_text(CLEAN, "utf-8")

    def remove() -> None:
        (inner / "a.py").unlink()
        inner.rmdir()

    assert watched.run(remove, arguments=("inner",)) == 2
    assert watched.folders == [(str(inner),), (str(watched.folder),)]


def test_mistakes_in_the_settings_and_in_the_syntax_are_told_and_watching_goes_on(watched: Watched) -> None:
    status = watched.run(
        watched.write("pyproject.toml", "[tool.gradsafe\n"),
        watched.write("pyproject.toml", '[tool.gradsafe]\nignore = ["saved-tensor-modified"]\n'),
        watched.write("b.py", "def f(:\n"),
        watched.write("b.py", CLEAN),
    )
    assert "not TOML" in watched.told[1] and "syntax error" in watched.told[3]
    assert [line.removesuffix(f" files.{ENDS}") for line in watched.lines][1:3] == [
        "1 finding in 1 of 2",
        "0 findings in 0 of 2",
    ]
    assert status == 0 and watched.told[4] == ""


def test_the_settings_above_and_what_is_imported_are_looked_at(watched: Watched) -> None:
    inner = watched.folder / "inner"
    inner.mkdir()
    (inner / "m.py").write_text("import torch\nfrom a import y\ny.add_(1)\n", "utf-8")
    watched.run(arguments=("inner",))
    names = {Path(file).resolve() for file in watched.looked_at}
    assert {watched.folder / "pyproject.toml", watched.folder / "a.py", inner / "m.py"} <= names


def test_the_baseline_is_looked_at(watched: Watched, gradsafe) -> None:  # type: ignore[no-untyped-def]
    gradsafe("check", "--write-baseline", "known.txt", "b.py")  # it knows nothing
    nothing = (watched.folder / "known.txt").read_text("utf-8")
    gradsafe("check", "--write-baseline", "known.txt", ".")
    watched.run(watched.write("known.txt", nothing), arguments=(".", "--baseline", "known.txt"))
    assert "known.txt" in watched.looked_at
    assert [line.partition(" finding")[0] for line in watched.lines] == ["0", "1"]


@pytest.mark.parametrize(
    "arguments", [("--output-format", "json"), ("--add-ignores",), ("--write-baseline", "known.json")]
)
def test_what_makes_no_sense_is_refused(gradsafe, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    ran = gradsafe("check", "--watch", ".", *arguments)
    assert ran.status == 2 and "--watch" in ran.err


def test_which_changes_matter() -> None:
    folder = str(Path("/home/me/build/project"))
    for name in ("a.py", "deep/b.ipynb", "pyproject.toml", "inner"):
        assert matters(str(Path(folder, name)), [folder])
    for name in ("a.txt", ".git/index", "build/a.py", ".venv/lib/x.py", "__pycache__/a.py"):
        assert not matters(str(Path(folder, name)), [folder])
