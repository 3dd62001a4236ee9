"""A rule: a code, the failures that it explains, and the words for them. One file per rule, found by its module."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from typing import ClassVar

from gradsafe.rules.finding import Finding
from gradsafe.rules.story import Story


class Rule(ABC):
    """Explains the failures whose ``reason`` is in ``reasons``. The docstring is the rule's page.

    A class without a ``code`` is what several rules share, and no rule itself.
    """

    code: ClassVar[str]
    reasons: ClassVar[frozenset[str]]
    silent: ClassVar[bool] = False
    """True where torch raises nothing: the finding is a warning however certain it is."""
    is_advice: ClassVar[bool] = False
    """True where nothing is wrong: off unless it is asked for, and a hint (``rules.finding.ADVICE``)."""

    is_of_comments: ClassVar[bool] = False
    """True where it speaks of comments (``rules.finding.UNUSED``): the program is as right or wrong without them."""

    @abstractmethod
    def explain(self, story: Story) -> Finding | None:
        """The finding for one failure, worded as an error; the judge lowers its severity where paths differ."""

    @classmethod
    def page(cls) -> str:
        """The rule's documentation page, in Markdown: what the rule says of itself, and how to silence it."""
        return f"{inspect.cleandoc(cls.__doc__ or '')}\n\n{_SILENCE.format(code=cls.code)}"


_SILENCE = """\
## Silence

For a line or statement: `# gradsafe: ignore[{code}]` at its end. For a file: `# gradsafe: ignore-file[{code}]` anywhere in it. For a project, in
`pyproject.toml`: `ignore = ["{code}"]` below `[tool.gradsafe]`, or `per-file-ignores = {{ "tests/*" = ["{code}"] }}`. Of a comment
that silences nothing [unused-suppression](unused-suppression.md) tells."""


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule in this package, in order of its code."""
    found: list[Rule] = []
    package = importlib.import_module("gradsafe.rules")
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"gradsafe.rules.{info.name}")
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, Rule) and hasattr(value, "code"):
                found.append(value())
    return tuple(sorted(found, key=lambda rule: rule.code))


def rule_for(reason: str) -> Rule | None:
    """The rule that explains failures of this reason."""
    return next((rule for rule in all_rules() if reason in rule.reasons), None)
