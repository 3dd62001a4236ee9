"""Who has looked into a file: asked with every edit, of as many files as are open, so it is not searched for.

What is noted here is a help to find results quickly, and may name too many: whether a result holds is decided by what it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradsafe.interp.analyse import Root


class Reach:
    """The files that the roots of each file have looked into, as far as that is known, and the other way round."""

    def __init__(self) -> None:
        self._files: dict[str, frozenset[str]] = {}
        self._readers: dict[str, set[str]] = {}
        self._roots: dict[str, set[Root]] = {}

    def of(self, file: str) -> frozenset[str] | None:
        """The files that the roots of ``file`` have looked into; None where that is not known."""
        return self._files.get(file)

    def note(self, file: str, files: frozenset[str]) -> None:
        """These are all files that the roots of ``file`` have looked into."""
        self._files[file] = files
        for each in files:
            self._readers.setdefault(each, set()).add(file)

    def forget(self, file: str) -> None:
        """What the roots of ``file`` have looked into is to be asked again."""
        for each in self._files.pop(file, ()):
            self._readers[each].discard(file)

    def readers(self, file: str) -> frozenset[str]:
        """The files of which it is known that their roots have looked into ``file``."""
        return frozenset(self._readers.get(file, ()))

    def unknown(self, scope: Mapping[str, object]) -> set[str]:
        """Those of some files of which it is not known."""
        return scope.keys() - self._files.keys()

    def rests_on(self, root: Root, files: Iterable[str]) -> None:
        """The result that holds for ``root`` rests on these files."""
        for each in files:
            self._roots.setdefault(each, set()).add(root)

    def still_rest_on(self, roots: set[Root], file: str) -> None:
        """The results that hold for these roots rest on ``file``, as before."""
        self._roots[file] = self._roots.get(file, set()) | roots

    def changed(self, file: str) -> set[Root]:
        """The roots whose results may rest on ``file``, which has changed; of its readers nothing is known from here on."""
        for each in self.readers(file):
            self.forget(each)
        return self._roots.pop(file, set())
