"""What a project says of its parameters and of how it is started: known tensor names and entry points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.endurance.equality import said

from gradsafe.project.entries import EntryPoint, NoEntryPoint, entry_point
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings, overlay, parse
from gradsafe.rules.finding import Severity

LOSS = "def loss_of(logits, weight):\n    p = logits * weight\n    q = p * logits\n    p += 1\n    return q.sum()\n"
MODEL = "import torch\n\n\ndef scale(x, by):\n    x.mul_(by)\n    return x\n\n\ndef half(y):\n    z = y.exp()\n    z.mul_(0.5)\n    return z\n"
TRAIN = """\
import torch
from model import half, scale


def main(args):
    w = torch.randn(3, requires_grad=True)
    print(half(w))
    y = w.exp()
    scale(y, 2)
    y.sum().backward()


class Trainer:
    def fit(self):
        h = torch.randn(3, requires_grad=True).exp()
        h.add_(1)
        return h
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def severities(session: Session, file: Path) -> list[tuple[int, Severity]]:
    found = [(session.place(each.primary), each.severity) for each in session.check(str(file)).findings]
    return [(place.row, severity) for place, severity in found if place is not None]


def started_by(folder: Path, *entries: tuple[str, tuple[str, ...]]) -> Settings:
    return Settings(
        str(folder), entry_points=tuple(EntryPoint(str(folder / file), names) for file, names in entries)
    )


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("logits, weight", ("logits", "weight")),
        ("logits, weight", ("log*", "wei?ht")),
        ("logits, *, weight", ("*",)),
        ("logits: torch.Tensor, weight: torch.Tensor", ()),
    ],
)
def test_a_known_name_is_as_good_as_an_annotation(header: str, names: Sequence[str], tmp_path: Path) -> None:
    file = str(tmp_path / "loss.py")
    text = LOSS.replace("logits, weight", header)
    session = Session(Settings(tensor_names=tuple(names)), str(tmp_path))
    session.set_text(file, text)
    [finding] = session.check(file).findings
    assert finding.severity is Severity.INFORMATION


@pytest.mark.parametrize(
    "header", ["logits, weight", "logits: int, weight: int", "logits=1, weight=2", "*logits, **weight"]
)
def test_what_else_is_said_of_a_parameter_counts_more(header: str, tmp_path: Path) -> None:
    file = str(tmp_path / "loss.py")
    names = () if header == "logits, weight" else ("logits", "weight")
    session = Session(Settings(tensor_names=names), str(tmp_path))
    session.set_text(file, LOSS.replace("logits, weight", header))
    assert not session.check(file).findings


def test_names_take_effect_at_once_and_run_nothing_that_does_not_ask(tmp_path: Path) -> None:
    file = str(tmp_path / "loss.py")
    session = Session(Settings(), str(tmp_path))
    session.set_text(file, LOSS + "\n\ndef other(x: float):\n    return x\n\n\nprint(other(1.0))\n")
    before = said(session, session.check(file))
    session.settings = Settings(tensor_names=("logits", "weight"))
    result = session.check(file)
    assert len(result.findings) == 1
    assert result.work.roots_run == 1
    session.settings = Settings()
    again = session.check(file)
    assert (said(session, again), again.work.roots_run) == (before, 0)


def test_what_a_start_finds_elsewhere_is_told_there(project: Path) -> None:
    """Nobody has opened train.py: what main does to what scale is given is told in model.py all the same."""
    plain = Session(Settings(str(project)), str(project))
    assert severities(plain, project / "model.py") == [(11, Severity.INFORMATION)]
    session = Session(started_by(project, ("train.py", ("main",))), str(project))
    # That of half is what it would do to who differentiates its result: main does not.
    assert severities(session, project / "model.py") == [(5, Severity.ERROR)]
    assert str(project / "train.py") in session.scope
    session.drop(str(project / "train.py"))
    assert severities(session, project / "model.py") == [(5, Severity.ERROR)]
    session.settings = Settings(str(project))
    assert severities(session, project / "model.py") == [(11, Severity.INFORMATION)]


def test_nobody_differentiates_what_a_start_returns(project: Path) -> None:
    file = project / "train.py"
    plain = Session(Settings(str(project)), str(project))
    assert (16, Severity.WARNING) in severities(plain, file)
    session = Session(started_by(project, ("train.py", ("Trainer", "fit"))), str(project))
    assert (16, Severity.WARNING) not in severities(session, file)


def test_a_script_is_a_start(project: Path) -> None:
    (project / "run.py").write_text("from train import main\n\nmain(None)\n")
    session = Session(started_by(project, ("run.py", ())), str(project))
    assert (5, Severity.ERROR) in severities(session, project / "model.py")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("train.py:main", ("main",)),
        ("train:Trainer.fit", ("Trainer", "fit")),
        ("train.py", ()),
        ("train", ()),
    ],
)
def test_how_an_entry_point_is_written(text: str, names: tuple[str, ...], project: Path) -> None:
    assert entry_point(str(project), text) == EntryPoint(str(project / "train.py"), names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train.py:mian", "Did you mean main"),
        ("train.py:fit", "Did you mean Trainer.fit"),
        ("train.py:a b", 'Write it as "train.py:main"'),
        ("tain.py:main", "there is no 'tain.py'"),
        ("package.train", "there is no 'package.train'"),
        ("", "there is no ''"),
        ("\0", "names no function"),
    ],
)
def test_mistakes_have_a_remedy(text: str, says: str, project: Path) -> None:
    found = entry_point(str(project), text)
    assert isinstance(found, NoEntryPoint)
    assert says in f"{found.why}. {found.remedy}"


def test_a_broken_file_is_not_blamed_for_its_functions(project: Path) -> None:
    (project / "train.py").write_text("def main(:\n")
    assert isinstance(entry_point(str(project), "train.py:main"), EntryPoint)


def test_the_table_and_the_editor(project: Path) -> None:
    text = '[tool.gradsafe]\ntensor-names = ["x", "model.weight"]\nentry-points = ["train.py:mian", "train.py:main"]\n'
    loaded = parse(str(project / "pyproject.toml"), text, ())
    assert [(each.row, each.word) for each in loaded.problems] == [
        (2, "model.weight"),
        (3, "train.py:mian"),
    ]
    main = EntryPoint(str(project / "train.py"), ("main",))
    assert (loaded.settings.tensor_names, loaded.settings.entry_points) == (("x",), (main,))
    over = overlay(loaded.settings, {"tensor-names": ["h", "x"], "entry-points": ["model.py"]}, ())
    assert over.settings.tensor_names == ("x", "h")
    assert over.settings.entry_points == (main, EntryPoint(str(project / "model.py")))
    assert not over.problems
