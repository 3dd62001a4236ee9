"""A server over an analysis of a few lines, so that these tests are about the protocol and nothing else.

``NAME.WORD_(...)`` is a finding with its save on the line above; ``boom`` in the text makes the analysis crash;
``slow`` makes it take a moment; a line ``(`` is a syntax error. Run as a program: ``python scripted.py``.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from gradsafe.lsp.analysis import Judgement, Located, PlacedEdit, Problem, RelatedPlace, Remedy
from gradsafe.lsp.running import RunRequest, TracedRun
from gradsafe.lsp.server import create_server, serve
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place

WRITE = re.compile(r"(?P<name>\w+)\.(?P<op>[a-z]+)_\((?P<args>[^)]*)\)")
SLOW_S = 0.3


def judge(file: str, text: str) -> Judgement:
    if "boom" in text:
        raise RuntimeError("the analysis crashed")
    if "slow" in text:
        time.sleep(SLOW_S)
    findings: list[Located] = []
    problems: list[Problem] = []
    for row, line in enumerate(text.split("\n"), 1):
        if line == "(":
            problems.append(Problem(Place(file, row, 1, row, 2), "this line does not parse"))
        for match in WRITE.finditer(line):
            if "ignore" in line:
                continue
            above = Place(file, max(row - 1, 1), 1, max(row - 1, 1), 2)
            findings.append(
                Located(
                    code="saved-tensor-modified",
                    severity=Severity.ERROR,
                    message=f"{match['name']} is changed by {match['op']}_ after it was saved",
                    primary=Place(file, row, match.start() + 1, row, match.end() + 1),
                    related=(RelatedPlace(Role.SAVED, above, "saved here"),),
                    url="https://example.invalid/saved-tensor-modified",
                    runtime_message="one of the variables needed for gradient computation has been modified",
                )
            )
    return Judgement(tuple(findings), tuple(problems))


class Scripted:
    """Counts what it judges: the hover on a finding ends with that number."""

    def __init__(self) -> None:
        self.judged = 0

    def judge(self, file: str, text: str, settle: bool) -> Judgement:
        self.judged += 1
        return judge(file, text)

    def forget(self, file: str) -> None:
        pass

    def remedies(self, file: str, text: str, finding: Located) -> Sequence[Remedy]:
        place = finding.primary
        line = text.split("\n")[place.row - 1]
        match = WRITE.search(line, place.column - 1)
        assert match is not None
        rebind = f"{match['name']} = {match['name']}.{match['op']}({match['args']})"
        end = Place(file, place.row, len(line) + 1, place.row, len(line) + 1)
        return [
            Remedy("Write out of place", (PlacedEdit(place, rebind),), safe=True, preferred=True),
            Remedy(
                "A fix that mends nothing", (PlacedEdit(end, "  # still there"),), safe=True, preferred=True
            ),
            Remedy("Disable for this line", (PlacedEdit(end, "  # ignore"),), safe=True),
        ]

    def holds(self, texts: Mapping[str, str], finding: Located, fixed: Mapping[str, str]) -> bool:
        before = sum(len(judge(file, texts[file]).findings) for file in fixed)
        if "slow" in "".join(fixed.values()):
            time.sleep(SLOW_S)
        return sum(len(judge(file, text).findings) for file, text in fixed.items()) < before

    def page(self, code: str) -> str | None:
        return f"The page of {code}. Judged {self.judged} times."


def run(request: RunRequest, cancel: threading.Event) -> TracedRun:
    """A run that takes as long as the text says (``# takes 5``), or until it is cancelled."""
    takes = re.search(r"# takes (\d+)", request.text)
    if takes is not None and cancel.wait(float(takes.group(1))):
        return TracedRun("cancelled", "cancelled", "")
    if "crash" in request.text:
        raise RuntimeError("the tracer crashed")
    findings = judge(request.file, request.text).findings
    outcome = "raised" if findings else "completed"
    return TracedRun(outcome, f"{outcome}, {len(findings)} findings", f"ran cell {request.cell}", findings)


if __name__ == "__main__":
    tcp = ("127.0.0.1", int(sys.argv[1])) if len(sys.argv) > 1 else None
    serve(create_server(lambda root: Scripted(), run), tcp)
