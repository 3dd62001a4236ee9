"""From the paths on the command line to files and an analysis of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradsafe.cli.catalogue import pages
from gradsafe.cli.failure import Failure
from gradsafe.judging.judge import Judge
from gradsafe.project.settings import Settings
from gradsafe.rules.finding import ADVICE

if TYPE_CHECKING:
    from gradsafe.project.cache.folder import Folder
    from gradsafe.project.settings import Loaded


@dataclass(frozen=True)
class Opened:
    """The files to judge, by whom, and which paths could not be opened (told already)."""

    files: tuple[str, ...]
    judge: Judge
    failures: tuple[str, ...] = ()
    baseline: str | None = None
    """The file of known findings that the project's settings name."""
    settings: Settings = field(default_factory=Settings)

    def looks_for(self, code: str, file: str) -> bool:
        """Whether a finding of that rule in that file is told."""
        return self.settings.wants(code, file) and (code not in ADVICE or self.settings.advises)


def open_paths(paths: list[str], folder: Folder | None = None, advice: bool = False) -> Opened:
    """Find the files and the settings of the project that they belong to. Results are kept in ``folder``, else where they are by default.
    ``advice``: it is asked for, whatever the settings say.

    Fails where nothing of what was named can be judged. A mistake in ``pyproject.toml`` is told, and what is right in
    it holds.
    """
    # Imported here: whoever asks for --help or starts the server should not wait for libcst.
    from gradsafe.cli.caching import folder_of
    from gradsafe.judging.cached_judge import CachedJudge
    from gradsafe.project.files import discover

    loaded = _loaded(paths[0])
    found = discover(paths, loaded.settings)
    told = [f"{each.file}: {each.why}. {each.remedy}" for each in found.unreadable]
    if not found.files and told:
        raise Failure("\ngradsafe: ".join(told))
    for message in told:
        print(f"gradsafe: {message}", file=sys.stderr)
    if not found.files:
        listed = ", ".join(paths)
        raise Failure(
            f"{listed}: no Python file or notebook that is not excluded. Name a file, or another folder."
        )
    settings = replace(loaded.settings, advice=loaded.settings.advice or advice)
    judge = CachedJudge(settings, found.files, folder or folder_of())
    broken = tuple(problem.file for problem in loaded.problems)
    return Opened(
        found.files,
        judge,
        (*broken, *(each.file for each in found.unreadable)),
        _shown(loaded.settings.baseline),
        settings,
    )


def widened(opened: Opened, files: Iterable[str]) -> Opened:
    """The same project with these files judged, too: each is told what is wrong in itself, none what is wrong in another one."""
    from gradsafe.cli.caching import folder_of
    from gradsafe.judging.cached_judge import CachedJudge

    every = tuple(dict.fromkeys((*opened.files, *files)))
    return replace(opened, files=every, judge=CachedJudge(opened.settings, every, folder_of()))


def open_text(file: str, text: str, folder: Folder, advice: bool = False) -> Opened:
    """The same for one text that stands, or is to stand, in ``file``. Nothing of it is kept."""
    from gradsafe.judging.cached_judge import CachedJudge

    loaded = _loaded(file)
    settings = replace(loaded.settings, advice=loaded.settings.advice or advice)
    judge = CachedJudge(settings, (file,), folder)
    judge.replace(file, text)
    broken = tuple(problem.file for problem in loaded.problems)
    return Opened((file,), judge, broken, _shown(loaded.settings.baseline), settings)


def _loaded(path: str) -> Loaded:
    """The settings of the project that ``path`` belongs to; what is wrong with them is told."""
    from gradsafe.project.settings import load

    loaded = load(_project_of(path), pages())
    for problem in loaded.problems:
        print(
            f"gradsafe: {problem.file}:{problem.row}:{problem.column}: {problem.message}. {problem.remedy}",
            file=sys.stderr,
        )
    return loaded


def _shown(path: str | None) -> str | None:
    """Seen from where the command runs, if it lies there."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if path and Path(path).is_relative_to(here) else path


def _project_of(path: str) -> str:
    """Where the search for ``pyproject.toml`` begins."""
    return path if Path(path).is_dir() else str(Path(path).parent)
