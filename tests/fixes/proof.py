"""``python -m tests.fixes.proof``: has each error a fix, and what does torch say of the program after each fix?

Takes the reported cases, the report programs (``tests/reports``), with ``--fixtures`` the fixtures and with ``--fuzz``
generated programs that raise. Prints the shares, each fix after which torch still raises or gives a wrong gradient at the place
that was mended, and with ``--twice`` each program in which all fixes together change something when they are made once more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import track
from tests.fixes.verdicts import BAD, Subject, says
from tests.fuzz.generate import generate

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.without import without_operation
from gradsafe.judging.cached_judge import CachedJudge
from gradsafe.judging.mend import Choice, mend
from gradsafe.report.entry import Entry, EntryEdit
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import SUPPRESSING, Severity

TESTS = Path(__file__).parents[1]


@dataclass
class Proof:
    """What was found so far."""

    twice: bool = False
    errors: int = 0
    cured: int = 0
    safely: int = 0
    programs: int = 0
    fixes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By remedy and by what torch says: see :func:`tests.fixes.verdicts.says`."""
    wrong: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    restless: list[str] = field(default_factory=list)

    def add(self, subject: Subject) -> None:
        """Judge the fixes of all errors in one program."""
        with tempfile.TemporaryDirectory(prefix="gradsafe-proof-") as folder:
            file = str(Path(folder) / "program.py")
            Path(file).write_text(subject.text, encoding="utf-8")
            opened = open_paths([file]).judge
            entries = opened.check(file).entries
            for entry in entries:
                if entry.severity is Severity.ERROR:
                    self._add(subject, file, opened, with_proved_fixes(opened, entry))
            self.programs += 1
            if self.twice and entries and not _comes_to_rest(file):
                self.restless.append(subject.name)

    def _add(self, subject: Subject, file: str, opened: CachedJudge, entry: Entry) -> None:
        offered = [fix for fix in entry.fixes if fix.remedy not in SUPPRESSING]
        at = f"{subject.name}:{entry.place.row}"
        self.errors += 1
        self.cured += bool(offered)
        self.safely += any(fix.safe for fix in offered)
        if not offered:
            self.without.append(f"{at}: {entry.code}: {entry.message}")
            return
        without = _without(opened, file, entry)
        for fix in offered:
            said = says(subject, edited_files({file: subject.text}, fix.edits)[file], entry, fix, without)
            self.fixes[fix.remedy, said] += 1
            if said in BAD:
                self.wrong.append(f"{at}: {fix.remedy}: {fix.title}: {said}")

    def lines(self) -> Iterator[str]:
        """The report."""
        share = self.cured / max(self.errors, 1)
        rest = f", at rest after all fixes {self.programs - len(self.restless)}" if self.twice else ""
        yield f"programs {self.programs}{rest}"
        yield f"errors {self.errors}, with a fix {self.cured} ({share:.1%}), with a safe one {self.safely}"
        yield from (f"  {remedy}: {said} {count}" for (remedy, said), count in sorted(self.fixes.items()))
        yield from self.wrong
        yield from (f"changes again: {name}" for name in self.restless)
        yield "without a fix:"
        yield from self.without


def _without(opened: CachedJudge, file: str, entry: Entry) -> list[str]:
    """The program without the operation that a finding blames, and without all that are blamed."""
    session = opened.session
    sources = ChunkSources(session.workspace.tree)
    text = session.workspace.text(file) or ""
    taken_out: list[str] = []
    everything: list[EntryEdit] = []
    for finding in session.check(file).findings:
        edits = without_operation(finding, sources)
        placed = [EntryEdit(place, each.content) for each in edits if (place := session.place(each.span))]
        if not placed:
            continue
        if not {edit.place.row for edit in placed} & {edit.place.row for edit in everything}:
            everything += placed
        if finding.code == entry.code and session.place(finding.primary) == entry.place:
            taken_out.append(edited_files({file: text}, placed).get(file, text))
    return [*taken_out, edited_files({file: text}, everything).get(file, text)]


def _comes_to_rest(file: str) -> bool:
    """Whether all fixes, made once more in what they have made, change nothing."""
    for choice in (Choice(), Choice(unsafe=True)):
        text = Path(file).read_text(encoding="utf-8")
        once = mend(open_paths([file]).judge, {file: text}, choice).changed.get(file, text)
        if once == text:
            continue
        again = open_paths([file]).judge
        if mend(again, {file: once}, choice).changed:
            return False
    return True


def cases() -> Iterator[Subject]:
    """The reported cases and the report programs."""
    for folder in ("corpus", "reports"):
        for line in (TESTS / folder / "cases.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            if case["verdict"] != "safe":
                path = TESTS / folder / case.get("file", f"cases/{case['id']}.py")
                yield Subject(case["id"], path.read_text("utf-8"))


def fixtures() -> Iterator[Subject]:
    """The fixtures in which torch raises."""
    for path in sorted((TESTS / "fixtures").rglob("*.py")):
        text = path.read_text("utf-8")
        if "# error: [" in text:
            name = str(path.relative_to(TESTS / "fixtures"))
            yield Subject(name, text, whole=path.parent.name == "programs")


def generated(count: int, seed: int) -> Iterator[Subject]:
    """Programs of the fuzzer that raise."""
    while count > 0:
        made = generate(seed, 1 + seed % 4)
        seed += 1
        if any(verdict.severity == "error" for verdict in made.judged.verdicts):
            count -= 1
            yield Subject(f"seed {made.seed} level {made.level}", made.text)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fixes.proof", description=__doc__)
    parser.add_argument(
        "--fuzz", type=int, default=0, help="so many generated programs that raise, and nothing else"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fixtures", action="store_true", help="the fixtures, and nothing else")
    parser.add_argument(
        "--twice", action="store_true", help="besides, make all fixes of a program, and once more"
    )
    options = parser.parse_args(arguments)
    proof = Proof(options.twice)
    todo = (
        generated(options.fuzz, options.seed) if options.fuzz else fixtures() if options.fixtures else cases()
    )
    for subject in track(list(todo), "fixes", console=Console(stderr=True)):
        proof.add(subject)
    print(*proof.lines(), sep="\n")
    return 1 if proof.wrong or proof.restless else 0


if __name__ == "__main__":
    sys.exit(main())
