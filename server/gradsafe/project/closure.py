"""Which files of the workspace a file can reach by imports, read off its text.

Only to know whose roots may find something in a file: what a root really read is recorded while it runs.
"""

from __future__ import annotations

import re

from gradsafe.project.workspace import Workspace

_FROM = re.compile(
    r"^[ \t]*from[ \t]+(?P<dots>\.*)[ \t]*(?P<module>[\w.]*)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\r\n#;]*)",
    re.M,
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<names>[^\r\n#;]*)", re.M)


class Closures:
    """The import closures of files, until some text changes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._direct: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {}
        self._found: dict[str, frozenset[str]] = {}

    def forget(self) -> None:
        """Some text has changed, or files have come or gone."""
        self._found.clear()

    def of(self, file: str) -> frozenset[str]:
        """All files that ``file`` imports, and that those import, in turn."""
        known = self._found.get(file)
        if known is None:
            found: set[str] = set()
            pending = [file]
            while pending:
                at = pending.pop()
                for name, level in self._imports(at):
                    target = self._workspace.find_module(at, name, level)
                    if target is not None and target not in found:
                        found.add(target)
                        pending.append(target)
            known = self._found[file] = frozenset(found)
        return known

    def _imports(self, file: str) -> tuple[tuple[str, int], ...]:
        text = self._workspace.text(file)
        if text is None:
            return ()
        known = self._direct.get(file)
        if known is None or known[0] != text:
            known = self._direct[file] = (text, imports_of(text))
        return known[1]


def imports_of(text: str) -> tuple[tuple[str, int], ...]:
    """The modules that a text may import, as names and levels; ``from a import b`` may mean ``a`` and ``a.b``."""
    found: dict[tuple[str, int], None] = {}
    for match in _FROM.finditer(text):
        module, level = match["module"], len(match["dots"])
        found[module, level] = None
        for name in _names(match["names"].strip("()")):
            found[f"{module}.{name}" if module else name, level] = None
    for match in _IMPORT.finditer(text):
        for name in _names(match["names"]):
            found[name, 0] = None
    return tuple(found)


def _names(listed: str) -> list[str]:
    """``a, b as c`` without comments and new names."""
    parts = (part.split("#", 1)[0].split() for part in listed.replace("\n", ",").split(","))
    return [words[0] for words in parts if words and re.fullmatch(r"[\w.]+", words[0])]
