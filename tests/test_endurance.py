"""Small runs of what ``python -m tests.endurance`` does for an hour, hostile texts, and memory that does not grow with what was typed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.endurance.equality import programs, run, said
from tests.endurance.hostile import SAVES, texts
from tests.endurance.typist import Typist

from gradsafe.project import session as sessions
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

BUDGET = 200_000
"""Instructions that one file may take, whatever it holds: its own budget (``project.allowance.FILE``) and the root that passes it."""


@pytest.mark.parametrize("seed", range(1, 9))
def test_an_edited_session_says_what_a_fresh_one_says(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "TIDY", 17)  # letting go what is not needed changes nothing
    assert run(seed, 4 if seed % 4 == 3 else 25, tmp_path) > 0


@pytest.mark.parametrize(("name", "text"), list(texts()), ids=[name for name, _ in texts()])
def test_hostile_texts_end_within_budget(name: str, text: str, tmp_path: Path) -> None:
    """And the file is judged as before once the text is another."""
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "hostile.py")
    session.set_text(file, text)
    session.quick(file)
    result = session.check(file)
    assert result.work.instructions <= BUDGET
    assert all(session.place(finding.primary) for finding in result.findings)
    session.set_text(file, SAVES)
    assert len(session.check(file).findings) == 1


@pytest.mark.parametrize("end", ["\r\n", "\r", "\f\n"])
def test_line_ends_change_no_finding(end: str, tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "ends.py")
    session.set_text(file, SAVES.replace("\n", end))
    (finding,) = session.check(file).findings
    place = session.place(finding.primary)
    assert place is not None and place.row == 4


@pytest.mark.parametrize("seed", range(4))
def test_every_prefix(seed: int, tmp_path: Path) -> None:
    """As if it were typed from its first character to its last; equal to a fresh analysis now and then."""
    session = Session(Settings(), str(tmp_path))
    file, text = str(tmp_path / "typed.py"), programs(seed * 4)[0][:1_200]
    for end in range(len(text) + 1):
        session.set_text(file, text[:end])
        session.quick(file)
        if end % 197 == 0 or end == len(text):
            fresh = Session(Settings(), str(tmp_path))
            fresh.set_text(file, text[:end])
            assert said(session, session.check(file)) == said(fresh, fresh.check(file)), end


def _held(session: Session) -> dict[str, int]:
    """How much is known, by what."""
    prelude, workspace = session._prelude, session.workspace
    return {
        "records": len(prelude._records), "variables": len(prelude.shared.vars), "objects": len(prelude.shared.heap),
        "roots": len(session._states), "names": len(workspace._bindings), "questions": len(workspace._found) + len(workspace._exists),
    }  # fmt: skip


def test_memory_does_not_grow_with_what_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in things that are held; what is held of texts that are gone is let go."""
    monkeypatch.setattr(sessions, "TIDY", 60)
    rng = random.Random(3)
    session = Session(Settings(), str(tmp_path))
    files = {
        str(tmp_path / f"part_{number}.py"): Typist(text, rng)
        for number, text in enumerate((*programs(0), *programs(1)))
    }
    most: list[dict[str, int]] = []
    for number in range(720):
        file = rng.choice(list(files))
        session.set_text(file, files[file].step())
        session.check(file)
        if number % 240 == 0:
            most.append({})
        for what, count in _held(session).items():
            most[-1][what] = max(most[-1].get(what, 0), count)
    for what, first in most[0].items():
        # Names of modules are asked for as they are typed: how many of them between two tidyings is chance.
        assert most[-1][what] <= 1.5 * first + 40, (what, most)
