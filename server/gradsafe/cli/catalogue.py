"""The rules that there are, by their codes as users write them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gradsafe.cli.failure import Failure
from gradsafe.rules.base import all_rules
from gradsafe.rules.finding import ADVICE


def pages() -> dict[str, str]:
    """The page (Markdown, its first line a summary) of each rule by its code, in alphabetical order."""
    return {rule.code: rule.page() for rule in all_rules()}


def codes_of(given: Iterable[str] | None) -> frozenset[str] | None:
    """The codes in ``--select a,b --select c``; None where none is given. Fails on one that does not exist."""
    if given is None:
        return None
    codes = frozenset(code.strip() for text in given for code in text.split(",") if code.strip())
    for code in sorted(codes):
        known(code)
    return codes


def asks_for_advice(flag: bool, selected: frozenset[str] | None) -> bool:
    """Whether a command line does: by ``--advice``, or by the code of what is told only then."""
    return flag or bool(selected and selected & ADVICE)


def known(code: str) -> str:
    """``code``, if there is such a rule; otherwise a failure that names near ones."""
    if code in pages():
        return code
    near = difflib.get_close_matches(code, pages(), n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(pages())}."
    raise Failure(f"unknown rule {code!r}. {hint}")
