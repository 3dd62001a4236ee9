"""The projects of a workspace: each document is judged by the one that governs it, with its settings and its imports.

A project begins where ``pyproject.toml`` says so (:func:`gradsafe.project.settings.load`), be that below the folder that is open, at it or above;
else at the folder of the workspace, or, for a file that stands outside of all of them, at its own. What has no path (never saved, or not on a disk)
belongs to the first folder.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.suspects import files_of, located
from gradsafe.lsp.analysis import Configured, Explained, GiveWay, Inside, Judgement, Mending
from gradsafe.lsp.running import VersionMark
from gradsafe.lsp.session_analysis import SessionAnalysis, page_of
from gradsafe.project.settings import Settings, load
from gradsafe.report.entry import Entry, EntryFix
from gradsafe.rules.base import all_rules


class Projects:
    """Implements :class:`gradsafe.lsp.analysis.Analysis`, by one :class:`SessionAnalysis` for each project."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(folders)
        self._editor: Mapping[str, Any] = {}
        self._projects: dict[str, SessionAnalysis] = {}
        self._roots: dict[str, str] = {}
        self._homes: dict[str, str] = {}
        """Where each open document was judged last."""
        self._texts: dict[str, str] = {}

    # -- which project

    def _of(self, file: str) -> SessionAnalysis:
        return self._project(self._root(file))

    def _project(self, root: str) -> SessionAnalysis:
        project = self._projects.get(root)
        if project is None:
            project = self._projects[root] = SessionAnalysis(root)
            project.configure(self._editor)
            for file, text in self._texts.items():
                project.lay_over(file, text)
        return project

    def _root(self, file: str) -> str:
        """Where the project of a file, or of a folder, begins."""
        path = Path(file)
        if not path.is_absolute():
            return self._root(self._folders[0]) if self._folders else str(Path.cwd())
        start = path if path.is_dir() else path.parent
        root = self._roots.get(str(start))
        if root is None:
            root = self._roots[str(start)] = self._find_root(start)
        return root

    def _find_root(self, start: Path) -> str:
        loaded = load(str(start), tuple(rule.code for rule in all_rules()))
        if loaded.file is not None:
            return loaded.settings.folder
        around = [folder for folder in self._folders if start.is_relative_to(folder)]
        return max(around, key=len) if around else str(start)

    def _settle_in(self, file: str, text: str) -> SessionAnalysis:
        """The project of a document that is open with this text; the others see the text, too."""
        root = self._root(file)
        before = self._homes.get(file)
        if before is not None and before != root and before in self._projects:
            self._projects[before].forget(file)
        self._homes[file] = root
        home = self._project(root)
        if self._texts.get(file) != text:
            self._texts[file] = text
            for project in self._projects.values():
                if project is not home:
                    project.lay_over(file, text)
        return home

    # -- the workspace

    def set_folders(self, folders: Sequence[str]) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        self._folders = tuple(folders)
        self._roots.clear()
        wanted = {*self._homes.values(), *map(self._root, self._folders)}
        self._projects = {root: project for root, project in self._projects.items() if root in wanted}

    def configure(self, editor: Mapping[str, Any]) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        self._editor = editor
        for project in self._projects.values():
            project.configure(editor)

    def configuration(self, files: Sequence[str]) -> Configured:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        roots = dict.fromkeys(map(self._root, (*self._folders, *files)))
        found = [self._project(root).configuration() for root in roots]
        if not found:
            return Configured(None, Settings())
        by_place = {problem: None for each in found for problem in each.problems}
        said = {message: None for each in found for message in each.editor_problems}
        others = tuple(each.file for each in found[1:] if each.file is not None)
        return replace(found[0], others=others, problems=tuple(by_place), editor_problems=tuple(said))

    def inside(self) -> Inside:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        counts: Counter[str] = Counter({"projects": len(self._projects)})
        budgets: Counter[str] = Counter()
        for project in self._projects.values():
            each = project.inside()
            counts.update(each.counts)
            budgets.update(each.budgets)
        return Inside(dict(counts), dict(budgets))

    def reload(self) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        self._roots.clear()
        for project in self._projects.values():
            project.reload()

    def files(self) -> Sequence[str]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        found: dict[str, str] = {}
        for folder in self._folders:
            for file in self._of(folder).files(folder):
                # A project within the folder says itself what is left out.
                if self._root(file) == self._root(folder) or not self._of(file).excludes(file):
                    found.setdefault(os.path.realpath(file), file)
        return tuple(found.values())

    # -- documents, each by its project

    def judge(self, file: str, text: str, settle: bool, give_way: GiveWay) -> Judgement | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._settle_in(file, text).judge(file, text, settle, give_way)

    def judge_instead(self, file: str, text: str, give_way: GiveWay) -> Judgement | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).judge_instead(file, text, give_way)

    def judge_closed(self, file: str, give_way: GiveWay) -> tuple[str, Judgement] | bool | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).judge_closed(file, give_way)

    def forget(self, file: str) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        home = self._homes.pop(file, None)
        self._texts.pop(file, None)
        for root, project in self._projects.items():
            if root == home:
                project.forget(file)
            else:
                project.lay_over(file, None)

    def fixes(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).fixes(file, entry)

    def holds(self, file: str, entry: Entry, fix: EntryFix) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).holds(file, entry, fix)

    def paired(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).paired(file, entry)

    def fixes_instead(self, file: str, text: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).fixes_instead(file, text, entry)

    def holds_instead(self, file: str, text: str, entry: Entry, mended: str, own: str) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).holds_instead(file, text, entry, mended, own)

    def may_mend(self, file: str) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).may_mend(file)

    def mend(self, file: str, give_up: Callable[[], bool]) -> Mending:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).mend(file, give_up)

    def look(self, file: str, row: int, column: int) -> Explained | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).look(file, row, column)

    def hints(self, file: str, rows: tuple[int, int]) -> Sequence[VersionMark]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).hints(file, rows)

    def backwards(self, file: str, rows: Sequence[int]) -> Mapping[int, str]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return self._of(file).backwards(file, rows)

    def suspects(self, error: ErrorText) -> Sequence[Entry]:
        """See :class:`gradsafe.lsp.analysis.Analysis`. A traceback names files as they were seen from one of the folders."""
        for folder in self._folders or (str(Path.cwd()),):
            files = files_of(located(error, folder))
            if files:
                return self._of(files[0]).suspects(located(error, folder))
        return ()

    def page(self, code: str) -> str | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return page_of(code)
