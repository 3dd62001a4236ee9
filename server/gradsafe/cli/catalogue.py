"""The rules that there are: their codes and their pages, read off the rule classes."""

from __future__ import annotations

import difflib
import inspect
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module

from gradsafe import rules
from gradsafe.cli.failure import Failure


@cache
def pages() -> dict[str, str]:
    """The page (Markdown) of each rule by its code, in alphabetical order."""
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(rules.__path__):
        code = module.name.replace("_", "-")
        for each in vars(import_module(f"{rules.__name__}.{module.name}")).values():
            if inspect.isclass(each) and getattr(each, "code", None) == code:
                found[code] = inspect.cleandoc(each.__doc__ or "")
    return dict(sorted(found.items()))


def codes_of(given: Iterable[str] | None) -> frozenset[str] | None:
    """The codes in ``--select a,b --select c``; None where none is given. Fails on one that does not exist."""
    if given is None:
        return None
    codes = frozenset(code.strip() for text in given for code in text.split(",") if code.strip())
    for code in sorted(codes):
        known(code)
    return codes


def known(code: str) -> str:
    """``code``, if there is such a rule; otherwise a failure that names near ones."""
    if code in pages():
        return code
    near = difflib.get_close_matches(code, pages(), n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(pages())}."
    raise Failure(f"unknown rule {code!r}. {hint}")
