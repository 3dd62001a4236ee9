"""After each edit: what an edited session says is what a fresh one says of the same texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping
from importlib.util import find_spec
from pathlib import Path

from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

from .typist import Typist

TESTS = Path(__file__).parents[1]
ROUND = 120
"""Edits of one set of files before others come; so a defect is found again without typing all that came before."""
_TORCH = (
    "optim/sgd.py", "nn/modules/dropout.py", "nn/utils/clip_grad.py", "nn/modules/activation.py", "nn/modules/container.py",
    "distributions/normal.py", "nn/utils/spectral_norm.py", "autograd/gradcheck.py",
)  # fmt: skip


class Unequal(Exception):
    """The texts, and what was said of them by whom."""

    def __init__(
        self, seed: int, number: int, texts: Mapping[str, str], said: tuple[Hashable, Hashable]
    ) -> None:
        super().__init__(f"round {seed}, edit {number}: {said[0]!r} after edits, {said[1]!r} afresh")
        self.texts = dict(texts)


def programs(seed: int) -> list[str]:
    """The texts of one round: two fixtures, and every fourth time a file of torch (where it is installed)."""
    rng = random.Random(seed)
    fixtures = sorted((TESTS / "fixtures").rglob("*.py")) + sorted((TESTS.parent / "examples").rglob("*.py"))
    found = [path.read_text("utf-8") for path in rng.sample(fixtures, 2)]
    spec = find_spec("torch")
    if seed % 4 == 3 and spec is not None and spec.origin is not None:
        found[0] = (Path(spec.origin).parent / rng.choice(_TORCH)).read_text("utf-8")
    return found


def run(seed: int, edits: int, folder: Path, tell: Callable[[int], None] = lambda _: None) -> int:
    """One round; instructions that the edited session has run. Raises :class:`Unequal`."""
    rng = random.Random(seed)
    texts = programs(seed)
    typists = {
        str(folder / f"part_{number}.py"): Typist(text, rng, texts) for number, text in enumerate(texts)
    }
    session = Session(Settings(), str(folder))
    for file, typist in typists.items():
        session.set_text(file, typist.text)
    for number in range(edits):
        file = rng.choice(list(typists))
        session.set_text(file, typists[file].step())
        if rng.random() < 0.5:  # as the server does before it settles
            session.quick(file)
        told = _said_of_all(session, typists)
        fresh = Session(Settings(), str(folder))
        for each, typist in typists.items():
            fresh.set_text(each, typist.text)
        afresh = _said_of_all(fresh, typists)
        if told != afresh:
            raise Unequal(
                seed, number, {each: typist.text for each, typist in typists.items()}, (told, afresh)
            )
        tell(1)
    return session.counts()["instructions run"]


def _said_of_all(session: Session, files: Mapping[str, Typist]) -> Hashable:
    return tuple(said(session, session.check(file)) for file in files)


def said(session: Session, result: FileResult) -> Hashable:
    """All that a result says, bounds included, with places resolved."""
    return (
        tuple(
            (
                finding.code, finding.severity, finding.message, session.place(finding.primary),
                tuple((each.role, each.message, session.place(each.place)) for each in finding.related),
            )
            for finding in result.findings
        ),
        tuple((problem.kind, problem.message, session.place(problem.where)) for problem in result.problems),
        tuple((each.suppression.at, each.codes) for each in result.unused),
        tuple((limit.budget, limit.root.names, session.place(limit.where)) for limit in result.limits),
    )  # fmt: skip
