"""Who imports a module without being looked at: a comment there may silence what only they show to be wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsafe.cli.opening import Opened


def imported_outside(opened: Opened) -> Callable[[str], bool]:
    """Whether some file of the project that was not named seems to import a file. Looks when it is first asked."""

    @cache
    def texts() -> tuple[str, ...]:
        return tuple(_others(opened))

    @cache
    def answer(file: str) -> bool:
        path = Path(file).absolute()
        name = path.parent.name if path.stem == "__init__" else path.stem
        imports = re.compile(rf"^[ \t]*(?:from|import)\b[^#\r\n]*\b{re.escape(name)}\b", re.MULTILINE)
        return any(imports.search(text) for text in texts())

    return answer


def _others(opened: Opened) -> Iterator[str]:
    from gradsafe.project.files import discover
    from gradsafe.syntax.source import Unreadable, read

    seen = {Path(file).resolve() for file in opened.files}
    for file in discover(_roots(opened), opened.settings).files:
        if Path(file).resolve() not in seen:
            source = read(file)
            if not isinstance(source, Unreadable):
                yield source.text


def _roots(opened: Opened) -> list[str]:
    """The project's folder; where there is no project, the folders of the files."""
    folder = opened.settings.folder
    if folder != "." or Path("pyproject.toml").is_file():
        return [folder]
    return sorted({str(Path(file).absolute().parent) for file in opened.files})
