"""The notation of the op table: one operation per line, and each line round-trips.

::

    NAMES(PARAMS) -> RETURN[; when COND, ...][; saves SAVE, ...][; writes WRITE, ...][; FLAG ...][  # ORIGIN]

NAMES      python-visible names, joined by commas: ``torch.mul,Tensor.mul``, ``F.relu``, ``nn.Linear`` (its forward).
PARAMS     ``name: KIND[|KIND...] [= default]``; ``*`` starts the keyword-only ones, ``*name: KIND`` takes the rest.
           KIND: Tensor Tensors Number int float bool str dtype device ints slice any Parameter Parameters Buffer,
           each with ``?`` where None fits too. A default that is no literal reads ``...``. A module's line ends in
           what its forward reads of the module: parameters, buffers, and attributes such as ``training``.
           ``weight: Parameters`` of an RNN are all whose name starts so, ``parameters: Parameters`` are all.
RETURN     ``fresh`` (new storage), ``same p`` (the argument itself), ``view p``, ``alias p`` (the argument or a view of
           it), ``multiview p`` (a tuple of views that torch forbids to write), ``value``, ``none``, ``unknown``,
           ``(R, R)`` a tuple, ``[R]`` a list or tuple of any length. ``?`` after same, view, alias: or a fresh copy.
           ``nograd``: never requires grad; ``nograd?``: depends; ``bool``, ``int64`` ...: the dtype (so no grad).
COND       ``p == literal``, ``p != literal``, ``p is KIND``, ``p not KIND``, ``p.ndim == n``, ``p.ndim != n``,
           ``p.dtype == 'float64'``, ``p < 0``, ``p >= 0``: the line holds only for such calls. All conditions of a
           line must hold. A tuple of equal numbers is that number: ``p == 1`` holds for ``(1, 1)``.
SAVE       ``p``, ``result``, ``result1`` (the second of a tuple), ``p for q|r`` (only if q or r requires grad).
           A ``?`` after the name: sometimes, for a reason that is not in the line. Saved copies are not listed.
WRITE      ``p``, ``p x2`` (two bumps of the version counter), ``p silent`` (no bump), ``p unchecked`` (torch does not
           check that the memory overlaps itself); ``?`` after the name as above.
FLAG       ``overlap`` (the view may overlap itself), ``escapes`` (memory handed to another library, which writes it
           without a bump), ``own-counter`` (a view with a version counter of its own), ``random``, ``metadata``
           (writes sizes or strides, not elements), ``no-grad`` (runs under no_grad, as nn.init does).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final


class _Marker:
    """A named constant that is equal to itself only."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


REQUIRED: Final = _Marker("REQUIRED")
"""The default of a parameter that has none."""
OPAQUE: Final = _Marker("...")
"""A default that is not a Python literal."""


class NotationError(ValueError):
    """A line of the op table that does not follow the notation."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its name, the kinds that fit, its default, and how it is passed."""

    name: str
    kinds: tuple[str, ...] = ("any",)
    default: object = REQUIRED
    keyword_only: bool = False
    star: bool = False

    def __str__(self) -> str:
        default = "" if self.default is REQUIRED else f" = {self.default!r}"
        return f"{'*' if self.star else ''}{self.name}: {'|'.join(self.kinds)}{default}"


@dataclass(frozen=True, slots=True)
class Return:
    """What a call gives back: how it is related to an argument, and whether it can require grad."""

    kind: str
    source: str = ""
    may: bool = False
    grad: str = ""
    items: tuple[Return, ...] = ()

    def __str__(self) -> str:
        if self.kind == "tuple":
            return f"({', '.join(map(str, self.items))})"
        if self.kind == "list":
            return f"[{self.items[0]}]"
        words = [self.kind + ("?" if self.may else ""), self.source, self.grad]
        return " ".join(word for word in words if word)

    @property
    def differentiable(self) -> bool:
        """False where the tensor never requires grad: ``nograd`` or a dtype that has no gradient."""
        return self.grad in ("", "nograd?")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one argument: ``p == True``, ``p is Tensor``, ``p.ndim == 2``."""

    param: str
    test: str
    literal: object

    def __str__(self) -> str:
        if self.test in ("is", "not"):
            return f"{self.param} {self.test} {self.literal}"
        return f"{self.param} {self.test} {self.literal!r}"


@dataclass(frozen=True, slots=True)
class Save:
    """A tensor that the node keeps by reference; ``needs``: only if one of these requires grad (empty: any)."""

    what: str
    needs: tuple[str, ...] = ()
    certain: bool = True

    def __str__(self) -> str:
        needs = f" for {'|'.join(self.needs)}" if self.needs else ""
        return f"{self.what}{'' if self.certain else '?'}{needs}"


@dataclass(frozen=True, slots=True)
class Write:
    """An argument that is written: how often its counter moves; 0 is ``silent``."""

    what: str
    bumps: int = 1
    unchecked: bool = False
    certain: bool = True

    def __str__(self) -> str:
        bumps = "" if self.bumps == 1 else f" x{self.bumps}" if self.bumps else " silent"
        return f"{self.what}{'' if self.certain else '?'}{bumps}{' unchecked' if self.unchecked else ''}"


FLAGS: Final = frozenset({"overlap", "escapes", "own-counter", "random", "metadata", "no-grad"})


@dataclass(frozen=True, slots=True)
class Op:
    """One line of the op table. ``str(op)`` is the line; ``parse`` is the inverse."""

    names: tuple[str, ...]
    params: tuple[Param, ...]
    returns: Return
    conditions: tuple[Condition, ...] = ()
    saves: tuple[Save, ...] = ()
    writes: tuple[Write, ...] = ()
    flags: tuple[str, ...] = ()
    origin: str = field(default="", compare=False)

    def __str__(self) -> str:
        parts = [f"{','.join(self.names)}({_params_text(self.params)}) -> {self.returns}"]
        for verb, items in (("when", self.conditions), ("saves", self.saves), ("writes", self.writes)):
            if items:
                parts.append(f"{verb} {', '.join(map(str, items))}")
        if self.flags:
            parts.append(" ".join(self.flags))
        return "; ".join(parts) + (f"  # {self.origin}" if self.origin else "")


def parse(line: str) -> Op:
    """Read one line.

    Raises:
        NotationError: the line does not follow the notation, or does not print as it was read.
    """
    try:
        op = _parse(line)
    except (ValueError, IndexError, SyntaxError) as error:
        raise NotationError(f"{error}: {line!r}") from error
    if str(op) != line:
        raise NotationError(f"does not round-trip: {line!r} prints as {str(op)!r}")
    return op


def _parse(line: str) -> Op:
    text, _, origin = line.partition("  # ")
    names, _, rest = text.partition("(")
    params, end = _until_close(rest)
    if rest[end : end + 4] != " -> ":
        raise ValueError("expected ' -> ' after the parameters")
    clauses = list(_split(rest[end + 4 :], "; "))
    found: dict[str, tuple[str, ...]] = {}
    flags: tuple[str, ...] = ()
    for clause in clauses[1:]:
        verb, _, body = clause.partition(" ")
        if verb in ("when", "saves", "writes"):
            found[verb] = tuple(_split(body, ", "))
        else:
            flags = tuple(clause.split(" "))
            if not FLAGS.issuperset(flags):
                raise ValueError(f"unknown flag in {clause!r}")
    return Op(
        names=tuple(names.split(",")),
        params=tuple(_parse_params(params)),
        returns=_parse_return(clauses[0]),
        conditions=tuple(_parse_condition(item) for item in found.get("when", ())),
        saves=tuple(_parse_save(item) for item in found.get("saves", ())),
        writes=tuple(_parse_write(item) for item in found.get("writes", ())),
        flags=flags,
        origin=origin,
    )


def _params_text(params: tuple[Param, ...]) -> str:
    parts: list[str] = []
    keyword_only = False
    for param in params:
        if param.keyword_only and not keyword_only:
            keyword_only = True
            if not any(earlier.star for earlier in params):
                parts.append("*")
        parts.append(str(param))
    return ", ".join(parts)


def _until_close(text: str) -> tuple[str, int]:
    depth, quote = 0, ""
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return text[:index], index + 1
            depth -= 1
    raise ValueError("unclosed parameter list")


def _split(text: str, separator: str) -> Iterator[str]:
    """Split outside brackets and quotes."""
    depth, quote, start = 0, "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(separator, index):
            yield text[start:index]
            start = index + len(separator)
    if text:
        yield text[start:]


def _parse_params(text: str) -> Iterator[Param]:
    keyword_only = False
    for part in _split(text, ", "):
        if part == "*":
            keyword_only = True
            continue
        head, has_default, default = part.partition(" = ")
        name, _, kinds = head.partition(": ")
        star = name.startswith("*")
        yield Param(
            name=name.lstrip("*"),
            kinds=tuple(kinds.split("|")),
            default=_literal(default) if has_default else REQUIRED,
            keyword_only=keyword_only,
            star=star,
        )
        keyword_only = keyword_only or star


def _literal(text: str) -> object:
    if text in ("inf", "-inf"):
        return float(text)
    return OPAQUE if text == "..." else ast.literal_eval(text)


def _parse_return(text: str) -> Return:
    if text.startswith("("):
        return Return("tuple", items=tuple(map(_parse_return, _split(text[1:-1], ", "))))
    if text.startswith("["):
        return Return("list", items=(_parse_return(text[1:-1]),))
    kind, *words = text.split(" ")
    may = kind.endswith("?")
    kind = kind.rstrip("?")
    source = words.pop(0) if kind in ("same", "view", "alias", "multiview") else ""
    return Return(kind, source, may, " ".join(words))


def _parse_condition(text: str) -> Condition:
    param, test, literal = text.split(" ", 2)
    return Condition(param, test, literal if test in ("is", "not") else _literal(literal))


def _parse_save(text: str) -> Save:
    what, _, needs = text.partition(" for ")
    return Save(what.rstrip("?"), tuple(needs.split("|")) if needs else (), not what.endswith("?"))


def _parse_write(text: str) -> Write:
    what, *words = text.split(" ")
    bumps = next((int(word[1:]) for word in words if word[0] == "x"), 0 if "silent" in words else 1)
    return Write(what.rstrip("?"), bumps, "unchecked" in words, not what.endswith("?"))
