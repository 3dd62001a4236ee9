"""``[tool.gradsafe]`` of the nearest ``pyproject.toml``: which rules, how severe, which files.

A mistake in it is a value with a place and a remedy; what is wrong counts as not written, and the rest holds.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from gradsafe.project.entries import EntryPoint, entry_point
from gradsafe.rules.finding import ADVICE, Severity
from gradsafe.syntax.source import Unreadable, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE, TABLE = "pyproject.toml", "tool.gradsafe"
_HEADER = re.compile(r"\s*\[+\s*([\w.\"' -]+?)\s*\]+\s*(?:#.*)?$")
OVERLAID = ("select", "ignore", "severity", "advice", "tensor-names", "entry-points")
"""What an editor may say, too: it knows no patterns of files."""
KEYS = (
    "select", "ignore", "per-file-ignores", "severity", "exclude", "baseline", "advice", "tensor-names", "entry-points",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """``select`` None: every rule. Patterns are those of ``.gitignore``, seen from ``folder``. ``baseline``: the file of findings that are known."""

    folder: str = "."
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    baseline: str | None = None
    advice: bool = False
    """Whether to tell also of what is no defect (``rules.finding.ADVICE``)."""
    tensor_names: tuple[str, ...] = ()
    """Patterns of the names of parameters that are tensors, where nothing else says what they are."""
    entry_points: tuple[EntryPoint, ...] = ()

    @property
    def deciding(self) -> tuple[Hashable, ...]:
        """What decides on what is found, not only on what is told of it: results under others are none."""
        return self.tensor_names, tuple((each.file, each.names) for each in self.entry_points)

    @property
    def advises(self) -> bool:
        """Whether advice is asked for, be it by its code."""
        return self.advice or (self.select is not None and not self.select.isdisjoint(ADVICE))

    def wants(self, code: str, file: str) -> bool:
        """Whether findings of ``code`` in ``file`` are to be told."""
        if code in self.ignore or (self.select is not None and code not in self.select):
            return False
        return not any(
            code in codes and matches(pattern, self.folder, file) for pattern, codes in self.per_file_ignores
        )


@dataclass(frozen=True, slots=True)
class ConfigurationProblem:
    """A mistake in a configuration file, where it stands (1-based) and what to write instead."""

    file: str
    row: int
    column: int
    message: str
    remedy: str
    word: str = ""
    """What stands there; empty where that is not known."""


@dataclass(frozen=True)
class Loaded:
    """The settings, from which file (None: there is none), and what was wrong in it."""

    settings: Settings
    file: str | None = None
    problems: tuple[ConfigurationProblem, ...] = ()
    given: frozenset[str] = frozenset()
    """The settings that the file gives, rightly or not."""
    speaks: bool = True
    """The file has a word to say of gradsafe, if only a wrong one."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Where the settings that it gives stand (1-based)."""


def load(start: str, codes: Iterable[str]) -> Loaded:
    """The settings for the file or folder ``start``: those of the nearest ``pyproject.toml`` upwards that has any.

    Where none has, the nearest one still says where the project begins. ``codes`` are the rules that there are. Never raises.
    """
    at = Path(start).absolute()
    silent: Loaded | None = None
    for folder in (at, *at.parents):
        path = folder / FILE
        if path.is_file():
            source = read(str(path))
            if isinstance(source, Unreadable):
                problem = ConfigurationProblem(str(path), 1, 1, f"{path.name} {source.why}", source.remedy)
                return Loaded(Settings(str(folder)), str(path), (problem,))
            loaded = parse(str(path), source.text, codes)
            if loaded.speaks:
                return loaded
            silent = silent or loaded
    return silent or Loaded(Settings(str(at if at.is_dir() else at.parent)))


def parse(file: str, text: str, codes: Iterable[str]) -> Loaded:
    """The settings in the text of a ``pyproject.toml``."""
    folder = str(Path(file).parent)
    try:
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Loaded(Settings(folder), file, (_not_toml(file, str(error)),))
    tool = data.get("tool")
    table = tool.get("gradsafe") if isinstance(tool, dict) else None
    if table is None:
        return Loaded(Settings(folder), file, speaks=False)
    reader = _Reader(file, text, tuple(codes))
    settings = reader.settings(folder, table)
    given = frozenset(KEYS) & frozenset(table if isinstance(table, dict) else ())
    places = {key: reader.place(key) for key in given}
    return Loaded(settings, file, tuple(reader.problems), given, places=places)


def overlay(base: Settings, editor: Mapping[str, Any], codes: Iterable[str]) -> Loaded:
    """``base`` with an editor's settings over it: its severities win, its ``select`` comes instead, its lists are added."""
    reader = _Reader("the editor's settings", "", tuple(codes))
    said = reader.settings(base.folder, {key: editor[key] for key in OVERLAID if key in editor})
    settings = replace(
        base,
        select=said.select if said.select is not None else base.select,
        ignore=base.ignore | said.ignore,
        severity={**base.severity, **said.severity},
        advice=said.advice if "advice" in editor else base.advice,
        tensor_names=tuple(dict.fromkeys((*base.tensor_names, *said.tensor_names))),
        entry_points=tuple(dict.fromkeys((*base.entry_points, *said.entry_points))),
    )
    return Loaded(settings, None, tuple(reader.problems))


def matches(pattern: str, folder: str, file: str) -> bool:
    """Whether a pattern as in ``.gitignore``, seen from ``folder``, means ``file``."""
    try:
        relative = Path(file).absolute().relative_to(Path(folder).absolute())
    except ValueError:
        return False
    return GitIgnoreSpec.from_lines([pattern]).match_file(relative.as_posix())


def _not_toml(file: str, message: str) -> ConfigurationProblem:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    row, column = (int(place.group(1)), int(place.group(2))) if place else (1, 1)
    what = message.partition(" (at ")[0]
    return ConfigurationProblem(
        file, row, column, f"not TOML: {what}", "Correct it; until then the defaults hold."
    )


class _Reader:
    """Reads one table, and writes down what is wrong in it."""

    def __init__(self, file: str, text: str, codes: tuple[str, ...]) -> None:
        self.file, self.codes = file, codes
        self.lines = text.splitlines()
        self.problems: list[ConfigurationProblem] = []

    def settings(self, folder: str, table: Any) -> Settings:
        if not isinstance(table, dict):
            self._problem(
                "gradsafe", f"[{TABLE}] must be a table", f"Write [{TABLE}] and the settings below it."
            )
            return Settings(folder)
        for key in table:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, n=1)
                remedy = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(KEYS)}."
                self._problem(key, f"unknown setting {key!r}", remedy)
        select = self._read(table, "select", self._codes)
        return Settings(
            folder,
            select if "select" in table and select is not None else None,
            self._read(table, "ignore", self._codes) or frozenset(),
            self._read(table, "per-file-ignores", self._per_file) or (),
            self._read(table, "severity", self._severity) or {},
            self._read(table, "exclude", self._patterns) or (),
            str(Path(folder, name)) if (name := self._read(table, "baseline", self._name)) else None,
            self._read(table, "advice", self._flag) or False,
            self._read(table, "tensor-names", self._tensor_names) or (),
            self._read(table, "entry-points", lambda key, value: self._entry_points(key, value, folder))
            or (),
        )

    def _read(self, table: dict[str, Any], key: str, reader: Callable[[str, Any], Any]) -> Any:
        return reader(key, table[key]) if key in table else None

    def _strings(self, key: str, value: Any) -> list[str] | None:
        if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
            return list(value)
        self._problem(key, f"{key!r} must be a list of strings", f'Write {key} = ["..."].')
        return None

    def _name(self, key: str, value: Any) -> str | None:
        if isinstance(value, str) and value and "\0" not in value:
            return value
        self._problem(key, f"{key!r} must be the name of a file", f'Write {key} = "known.json".')
        return None

    def _flag(self, key: str, value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        self._problem(key, f"{key!r} must be true or false", f"Write {key} = true.")
        return None

    def _codes(self, key: str, value: Any) -> frozenset[str] | None:
        strings = self._strings(key, value)
        if strings is None:
            return None
        return frozenset(each for each in strings if self._known(each))

    def _known(self, code: str) -> bool:
        if code in self.codes:
            return True
        near = difflib.get_close_matches(code, self.codes, n=2, cutoff=0.4)
        remedy = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(self.codes)}."
        self._problem(code, f"unknown rule {code!r}", remedy)
        return False

    def _patterns(self, key: str, value: Any) -> tuple[str, ...] | None:
        strings = self._strings(key, value)
        return tuple(each for each in strings or () if self._is_pattern(each))

    def _is_pattern(self, pattern: str) -> bool:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError as error:
            self._problem(pattern, f"not a pattern: {error}", "Write it as in .gitignore.")
            return False
        return True

    def _tensor_names(self, key: str, value: Any) -> tuple[str, ...] | None:
        return tuple(each for each in self._strings(key, value) or () if self._is_name(each))

    def _is_name(self, pattern: str) -> bool:
        if re.fullmatch(r"[\w*?!\[\]-]+", pattern):
            return True
        what = f"{pattern!r} is no name of a parameter"
        self._problem(pattern, what, 'Write a name, or a pattern of names such as "*_logits".')
        return False

    def _entry_points(self, key: str, value: Any, folder: str) -> tuple[EntryPoint, ...] | None:
        found = []
        for text in self._strings(key, value) or ():
            entry = entry_point(folder, text)
            if isinstance(entry, EntryPoint):
                found.append(entry)
            else:
                self._problem(text, entry.why, entry.remedy)
        return tuple(dict.fromkeys(found))

    def _per_file(self, key: str, value: Any) -> tuple[tuple[str, frozenset[str]], ...] | None:
        if not isinstance(value, dict):
            self._problem(key, f"{key!r} must be a table", f'Write {key} = {{ "tests/*" = ["..."] }}.')
            return None
        found = [
            (pattern, self._codes(pattern, codes))
            for pattern, codes in value.items()
            if self._is_pattern(pattern)
        ]
        return tuple((pattern, codes) for pattern, codes in found if codes)

    def _severity(self, key: str, value: Any) -> dict[str, Severity] | None:
        names = [each.value for each in Severity]
        if not isinstance(value, dict):
            self._problem(key, f"{key!r} must be a table", f'Write {key} = {{ some-rule = "warning" }}.')
            return None
        found = {}
        for code, name in value.items():
            if not self._known(code):
                continue
            if name in names:
                found[code] = Severity(name)
            else:
                self._problem(code, f"unknown severity {name!r}", f"Write one of: {', '.join(names)}.")
        return found

    def _problem(self, word: str, message: str, remedy: str) -> None:
        row, column = self.place(word)
        line = self.lines[row - 1] if row <= len(self.lines) else ""
        found = word if line.startswith(word, column - 1) else ""
        self.problems.append(ConfigurationProblem(self.file, row, column, message, remedy, found))

    def place(self, word: str) -> tuple[int, int]:
        """Where a word stands in the table; a parser of TOML tells no places of keys."""
        word_in = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])").search
        begin, inside = 1, False
        for row, line in enumerate(self.lines, 1):
            header = _HEADER.match(line)
            if header is not None:
                inside = "gradsafe" in header.group(1)
                begin = row if inside and begin == 1 else begin
            if inside and (at := word_in(line)) is not None:
                return row, at.start() + 1
        # "[tool]" with a key "gradsafe", say.
        outside = ((row, at.start() + 1) for row, line in enumerate(self.lines, 1) if (at := word_in(line)))
        return next(outside, (begin, 1))
