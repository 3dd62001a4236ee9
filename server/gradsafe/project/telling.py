"""What is told of one file, of all that the roots found that look into it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from gradsafe.interp.analyse import Root
from gradsafe.project.interpret import Outcome
from gradsafe.project.kept import Problem, limits_of
from gradsafe.project.merge import file_of, followed, merge, suppressed, unused, wanted
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
    scope: Container[str],
) -> FileResult:
    """``known``: the roots, with None for those that are to be run; ``work``: chunks parsed, instructions and roots run for it;
    ``scope``: the files that somebody looks at.
    """
    file = module.id.file
    outcomes = {root: outcome for root, outcome in known.items() if outcome is not None}
    complete = len(outcomes) == len(known)
    found = [*merge(file, outcomes, scope), *advice]
    given = suppressions.find(module)
    shown = (
        wanted(each, file, settings)
        for each in found
        if not suppressed(each, given) and not (each.told_at and _is_known_there(each, settings, workspace))
    )
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


def _is_known_there(finding: Finding, settings: Settings, workspace: Workspace) -> bool:
    """Whether the file of the line to change says, or has said of it, that nothing is to be told of that."""
    there = replace(finding, told_at=None)
    file = file_of(there)
    tree = workspace.tree(file) if file is not None else None
    return tree is not None and (
        wanted(there, tree.id.file, settings) is None or suppressed(there, suppressions.find(tree))
    )
