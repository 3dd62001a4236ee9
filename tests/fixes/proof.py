"""``python -m tests.fixes.proof``: has each error a fix, and what does torch say of the program after each fix?

Takes the reported cases, the report programs (``tests/reports``) and, with ``--fuzz``, generated programs that raise.
Prints the shares, and each fix after which torch still raises or gives a wrong gradient at the place that was mended.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from tests.fuzz.generate import generate
from tests.fuzz.judge import judge

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.report.entry import Entry, EntryFix
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import SUPPRESSING, Severity

TESTS = Path(__file__).parents[1]


@dataclass
class Proof:
    """What was found so far."""

    errors: int = 0
    cured: int = 0
    safely: int = 0
    fixes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By remedy and by what torch says: ``right``; ``runs``, where no gradient could be compared (one that jumps, a program
    that draws numbers of its own); ``further defect``; ``wrong``; ``fails``."""
    wrong: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    def add(self, name: str, text: str) -> None:
        """Judge the fixes of all errors in one program."""
        with tempfile.TemporaryDirectory(prefix="gradsafe-proof-") as folder:
            file = str(Path(folder) / "program.py")
            Path(file).write_text(text, encoding="utf-8")
            opened = open_paths([file]).judge
            for entry in opened.check(file).entries:
                if entry.severity is Severity.ERROR:
                    self._add(name, file, text, with_proved_fixes(opened, entry))

    def _add(self, name: str, file: str, text: str, entry: Entry) -> None:
        offered = [fix for fix in entry.fixes if fix.remedy not in SUPPRESSING]
        self.errors += 1
        self.cured += bool(offered)
        self.safely += any(fix.safe for fix in offered)
        if not offered:
            self.without.append(f"{name}:{entry.place.row}: {entry.code}: {entry.message}")
        for fix in offered:
            said = _torch_says(edited_files({file: text}, fix.edits)[file], entry, fix)
            self.fixes[fix.remedy, said] += 1
            if said in ("wrong", "fails"):
                self.wrong.append(f"{name}:{entry.place.row}: {fix.remedy}: {fix.title}: {said}")


def _torch_says(text: str, entry: Entry, fix: EntryFix) -> str:
    found = judge(text)
    if found.kind == "broken":
        return "runs" if _runs(text) else "fails"
    if not found.verdicts:
        return "right"
    added = sum(edit.content.count("\n") for edit in fix.edits if edit.place.row <= entry.place.row)
    rows = range(entry.place.row, entry.place.row + added + 1)
    same = any(verdict.slug == entry.code and verdict.line in rows for verdict in found.verdicts)
    return "wrong" if same else "further defect"


def _runs(text: str) -> bool:
    """Run it as it is: the oracle cannot judge every program that runs."""
    torch.manual_seed(0)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    except Exception:  # whatever a program raises
        return False
    return True


def programs(fuzz: int, seed: int) -> Iterator[tuple[str, str]]:
    """Names and texts."""
    for line in (TESTS / "corpus" / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["verdict"] != "safe":
            yield case["id"], (TESTS / "corpus" / case["file"]).read_text("utf-8")
    for line in (TESTS / "reports" / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["verdict"] != "safe":
            yield case["id"], (TESTS / "reports" / "cases" / f"{case['id']}.py").read_text("utf-8")
    left, at = fuzz, seed
    while left > 0:
        made = generate(at, 1 + at % 4)
        at += 1
        if any(verdict.severity == "error" for verdict in made.judged.verdicts):
            left -= 1
            yield f"seed {made.seed} level {made.level}", made.text


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fixes.proof", description=__doc__)
    parser.add_argument("--fuzz", type=int, default=0, help="generated programs that raise, besides")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    proof = Proof()
    todo = list(programs(options.fuzz, options.seed))
    for name, text in track(todo, "fixes", console=Console(stderr=True)):
        proof.add(name, text)
    print(
        f"errors {proof.errors}, with a fix {proof.cured} ({proof.cured / max(proof.errors, 1):.1%}), with a safe one {proof.safely}"
    )
    for (remedy, said), count in sorted(proof.fixes.items()):
        print(f"  {remedy}: {said} {count}")
    for line in (*proof.wrong, "without a fix:", *proof.without):
        print(line)
    return 1 if proof.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
