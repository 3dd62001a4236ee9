"""The disk as results rest on it: which texts there are, and which files a module name could have meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING

from gradsafe.project.imports import find_module
from gradsafe.syntax.source import digest_of

if TYPE_CHECKING:
    from gradsafe.project.recording import Key

PACKAGE, MODULE, NOTHING = "package", "module", "nothing"
INITIAL = "__init__.py"

Facts = dict[str, dict[str, list[str]]]
"""By kind and folder: names of packages, of modules, and of what is neither."""


class Disk:
    """Each question is asked once. ``root``: where absolute imports are looked up. ``scope``: the names that files go by."""

    def __init__(self, root: str, scope: Iterable[str]) -> None:
        self._root = root
        self._digests: dict[str, str | None] = {}
        self._kinds: dict[str, str] = {}
        self._finds: dict[tuple[str, str, int], tuple[str | None, frozenset[str]]] = {}
        self._files: dict[str, bool] = {}
        self._names = {os.path.abspath(file): file for file in scope}  # noqa: PTH100  (links are not followed)
        self._called: dict[str, bool] = {}
        self._splits: dict[str, tuple[str, str]] = {}
        self._agreed: dict[tuple[str, str], set[str]] = {}
        """Of each kind the names in a folder that are known to be of it."""

    def digest(self, file: str) -> str | None:
        """As :meth:`gradsafe.project.workspace.Workspace.digest` has it; None where the file cannot be read."""
        if file not in self._digests:
            try:
                with open(file, "rb") as opened:  # noqa: PTH123  (a Path for each of thousands takes longer than to read it)
                    self._digests[file] = digest_of(opened.read())
            except (OSError, ValueError):
                self._digests[file] = None
        return self._digests[file]

    def is_called(self, file: str) -> bool:
        """Whether this is the name that ``file`` goes by."""
        known = self._called.get(file)
        if known is None:
            known = self._names.get(os.path.abspath(file), file) == file  # noqa: PTH100
            self._called[file] = known
        return known

    def facts(self, reads: Mapping[Key, Hashable]) -> Facts | None:
        """What the imports in ``reads`` found, so that it can be asked again; None where the disk says otherwise by now."""
        bases: set[str] = set()
        for key, answer in reads.items():
            if key[0] == "find":
                found, asked = self._find(key[1], key[2], key[3])
                if not _same(found, answer):
                    return None
                bases |= asked
        facts: Facts = {}
        for base in sorted(bases):
            folder, name = self._split(base)
            facts.setdefault(self._kind(base), {}).setdefault(folder, []).append(name)
        return facts

    def agrees(self, facts: Facts) -> bool:
        """Whether the disk still says the same. Thousands of files ask the same: half a million names, of which few are new."""
        return all(
            self._agree(kind, folder, names)
            for kind, folders in facts.items()
            for folder, names in folders.items()
        )

    def _agree(self, kind: str, folder: str, names: list[str]) -> bool:
        agreed = self._agreed.setdefault((kind, folder), set())
        if agreed.issuperset(names):
            return True
        new = [name for name in names if name not in agreed]
        if any(self._kind(os.path.join(folder, name)) != kind for name in new):  # noqa: PTH118
            return False
        agreed.update(new)
        return True

    def _split(self, base: str) -> tuple[str, str]:
        """Folder and name, the same objects each time: the facts of thousands of files are kept."""
        known = self._splits.get(base)
        if known is None:
            folder, name = os.path.split(base)
            known = self._splits[base] = (sys.intern(folder), sys.intern(name))
        return known

    def _kind(self, base: str) -> str:
        known = self._kinds.get(base)
        if known is None:
            is_package = self._is_file(f"{base}{os.sep}{INITIAL}")
            known = PACKAGE if is_package else MODULE if self._is_file(f"{base}.py") else NOTHING
            self._kinds[base] = known
        return known

    def _find(self, importer: str, name: str, level: int) -> tuple[str | None, frozenset[str]]:
        key = (importer, name, level)
        known = self._finds.get(key)
        if known is None:
            asked: set[str] = set()

            def exists(file: str) -> bool:
                folder, last = os.path.split(file)
                asked.add(folder if last == INITIAL else file.removesuffix(".py"))
                return self._is_file(file)

            found = find_module(self._root, importer, name, level, exists)
            known = self._finds[key] = (found, frozenset(asked))
        return known

    def _is_file(self, file: str) -> bool:
        known = self._files.get(file)
        if known is None:
            known = self._files[file] = os.path.isfile(file)  # noqa: PTH113
        return known


def _same(found: str | None, answer: Hashable) -> bool:
    if found is None or not isinstance(answer, str):
        return found is answer
    return found == answer or os.path.abspath(found) == os.path.abspath(answer)  # noqa: PTH100
