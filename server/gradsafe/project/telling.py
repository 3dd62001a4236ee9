"""What is told of one file, of all that the roots found that look into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradsafe.interp.analyse import Root
from gradsafe.project.interpret import Outcome
from gradsafe.project.kept import limits_of
from gradsafe.project.merge import followed, merge, suppressed, unused, wanted
from gradsafe.project.problems import Problem
from gradsafe.project.result import FileResult, Work, in_order
from gradsafe.project.settings import Settings
from gradsafe.project.workspace import Workspace
from gradsafe.rules.finding import Finding
from gradsafe.syntax import suppressions
from gradsafe.syntax.chunk import Chunk


def tell(
    module: Chunk,
    known: Mapping[Root, Outcome | None],
    settings: Settings,
    problems: tuple[Problem, ...],
    advice: Iterable[Finding],
    work: tuple[int, int, int],
    workspace: Workspace,
) -> FileResult:
    """``known``: the roots, with None for those that are to be run; ``work``: chunks parsed, instructions and roots run for it."""
    file = module.id.file
    outcomes = {root: outcome for root, outcome in known.items() if outcome is not None}
    complete = len(outcomes) == len(known)
    found = [*merge(file, outcomes), *advice]
    given = suppressions.find(module)
    shown = (wanted(each, file, settings) for each in found if not suppressed(each, given))
    bounded = sum(1 for outcome in outcomes.values() if outcome.budgets_hit)
    settled = complete and not problems and followed(outcomes)
    return FileResult(
        file,
        in_order((each for each in shown if each is not None), workspace.place),
        problems,
        workspace.layout(file),
        Work(*work, len(outcomes), bounded),
        unused(given, found, settings.advises, settled) if given else (),
        complete,
        limits_of(file, outcomes),
    )
