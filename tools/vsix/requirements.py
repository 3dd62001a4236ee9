"""The pinned releases of ``bundled.txt``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("bundled.txt")


@dataclass(frozen=True, slots=True)
class Requirement:
    """``native``: it has compiled parts, one wheel for each Python and platform."""

    name: str
    version: str
    native: bool
    only: frozenset[str]
    never: frozenset[str]

    def is_for(self, target: str) -> bool:
        """Whether the extension for ``target`` carries it."""
        return target not in self.never and (not self.only or target in self.only)


def pinned() -> list[Requirement]:
    """All of them, in the order of the file."""
    found = []
    for line in PINS.read_text("utf-8").splitlines():
        requirement, *options = line.partition("#")[0].split() or [""]
        name, _, version = requirement.partition("==")
        if name:
            found.append(
                Requirement(
                    name, version, "native" in options, _targets(options, "only="), _targets(options, "not=")
                )
            )
    return found


def _targets(options: list[str], key: str) -> frozenset[str]:
    return frozenset(
        name for option in options if option.startswith(key) for name in option.removeprefix(key).split(",")
    )
