"""Several processes say what one says, and this one runs nothing again."""

from __future__ import annotations

import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from gradsafe.project import parallel
from gradsafe.project.parallel import judge_ahead, judge_slice
from gradsafe.project.recording import Recorder, TextRecorder
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.project.sharing import RESULTS, found_of

MODEL = """
import torch


def change(t):
    t.add_(1)
"""
TRAINING = """
import torch
from model import change


def step_{number}():
    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    {write}
    y.sum().backward()
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    found = [tmp_path / "model.py"]
    found[0].write_text(MODEL)
    for number, write in enumerate(("change(y)", "y.mul_(2)", "y = y + 1") * 9):
        found.append(tmp_path / f"train_{number}.py")
        found[-1].write_text(TRAINING.format(number=number, write=write))
    return [str(path) for path in found]


def _session(folder: Path, files: list[str]) -> Session:
    session = Session(Settings(str(folder)), str(folder))
    session.open(files)
    return session


def _ahead(session: Session, files: list[str], jobs: int = 2) -> list[int]:
    done = []
    for found in judge_ahead(session.settings, session.workspace.root, session.scope, files, jobs):
        done.append(len(found))
        for each in found:
            session.admit(RESULTS.unpack(each.results))
    return done


def _told(session: Session, files: list[str]) -> list[tuple[object, ...]]:
    return [
        (file, finding.code, finding.severity, session.place(finding.primary))
        for file in files
        for finding in session.check(file).findings
    ]


def test_the_same_findings_and_nothing_is_run_again(tmp_path: Path, files: list[str]) -> None:
    alone, shared = _session(tmp_path, files), _session(tmp_path, files)
    done = _ahead(shared, files)
    assert sum(done) == len(files) and len(done) > 2
    assert _told(shared, files) == _told(alone, files)
    assert sum(shared.check(file).work.roots_run for file in files) == 0
    assert any(place == (str(tmp_path / "model.py"), 6) for place in _places(shared, files))


def test_what_else_there_is_to_say_travels_too(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bound that was reached, a text that is broken: a result that cannot be sent ends the pool, and this process does it all."""
    Path(files[1]).write_text("def again(x):\n    return again((x,))\n\n\nagain(1)\n")
    Path(files[2]).write_text("def broken(:\n")
    session = _session(tmp_path, files)
    given = session.settings, session.workspace.root, session.scope, files, 2
    about = {each.file: each.about for found in judge_ahead(*given) for each in found}
    assert about.keys() == set(files)
    assert "depth" in about[files[1]].limits and "syntax error" in about[files[2]].problems
    assert not capsys.readouterr().err


def _places(session: Session, files: list[str]) -> list[tuple[str, int]]:
    found = [session.place(finding.primary) for file in files for finding in session.check(file).findings]
    return [(place.file, place.row) for place in found if place is not None]


def test_an_edit_after_it_is_judged(tmp_path: Path, files: list[str]) -> None:
    session = _session(tmp_path, files)
    _ahead(session, files)
    session.set_text(files[0], MODEL.replace("t.add_(1)", "return t + 1"))
    assert session.check(files[0]).findings == ()
    assert session.check(files[1]).findings == () and session.check(files[2]).findings != ()


def test_few_files_or_one_process_stay_here(tmp_path: Path, files: list[str]) -> None:
    session = _session(tmp_path, files)
    assert _ahead(session, files[: parallel.FEWEST - 1]) == []
    assert _ahead(session, files, 1) == []


def test_a_process_that_dies_loses_nothing(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parallel, "judge_slice", _dies)
    session = _session(tmp_path, files)
    _ahead(session, files)
    assert "ended from outside" in capsys.readouterr().err
    assert _told(session, files) == _told(_session(tmp_path, files), files)


def _dies(part: list[str]) -> object:
    import os

    if part[0].endswith("train_3.py"):
        os._exit(9)
    return judge_slice(part)


def test_who_leaves_leaves_no_process_behind(tmp_path: Path, files: list[str]) -> None:
    going = judge_ahead(Settings(str(tmp_path)), str(tmp_path), files, files, 2)
    next(going)
    going.close()
    # The pool's own thread waits for them, too: whoever of the two comes second learns of it a moment later.
    for _ in range(600):
        if not active_children():
            return
        time.sleep(0.1)
    raise AssertionError(active_children())


def test_whole_texts_are_noted_where_details_would_be(tmp_path: Path, files: list[str]) -> None:
    found = []
    for recorder in (Recorder, TextRecorder):
        session = Session(Settings(str(tmp_path)), str(tmp_path), recorder=recorder)
        session.open(files)
        found.append([found_of(session, file) for file in files])
        keys = {key[0] for file in files for _, kept in session.results(file) for key in kept.reads}
        assert ("text" in keys) == (recorder is TextRecorder) != ("body" in keys)
    for detailed, whole in zip(*found, strict=True):
        assert (whole.about, whole.targets, whole.reads) == (detailed.about, detailed.targets, detailed.reads)
        outcomes = [[kept.outcome for _, kept in RESULTS.unpack(each.results)] for each in (detailed, whole)]
        assert outcomes[0] == outcomes[1]


def test_a_session_that_notes_whole_texts_follows_edits(tmp_path: Path, files: list[str]) -> None:
    session = Session(Settings(str(tmp_path)), str(tmp_path), recorder=TextRecorder)
    session.open(files)
    assert session.check(files[1]).findings == () and session.check(files[0]).findings != ()
    session.set_text(files[0], MODEL.replace("t.add_(1)", "return t + 1"))
    assert session.check(files[0]).findings == ()
    session.set_text(files[0], MODEL)
    assert session.check(files[0]).findings != ()


@pytest.mark.parametrize("count", [24, 100, 1_000])
def test_slices_hold_all_files_in_order_and_become_smaller(count: int) -> None:
    files = [f"{number}.py" for number in range(count)]
    slices = parallel._slices(files, 2)
    sizes = [len(each) for each in slices]
    assert [file for each in slices for file in each] == files
    assert sizes[:-1] == sorted(sizes[:-1], reverse=True) and max(sizes) <= parallel.SLICE
    assert max(sizes[-2:]) <= parallel.SMALLEST


def test_a_result_that_cannot_be_read_is_named_as_what_it_is(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is lost, and nobody looks for who ended a process."""
    monkeypatch.setattr(parallel, "judge_slice", _sends_what_cannot_be_read)
    session = _session(tmp_path, files)
    _ahead(session, files)
    assert "sent what cannot be read" in capsys.readouterr().err
    assert _told(session, files) == _told(_session(tmp_path, files), files)


class _Unreadable:
    def __reduce__(self) -> tuple[object, ...]:
        return (int, ("no number",))


def _sends_what_cannot_be_read(part: list[str]) -> object:
    return _Unreadable()
