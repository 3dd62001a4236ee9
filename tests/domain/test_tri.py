"""Kleene's three-valued logic: the laws that certainty rests on."""

from __future__ import annotations

from itertools import product

import pytest

from gradsafe.domain.tensors import Tri

ALL = list(Tri)


@pytest.mark.parametrize(("a", "b", "c"), list(product(ALL, ALL, ALL)))
def test_laws(a: Tri, b: Tri, c: Tri) -> None:
    assert a | b is b | a
    assert a & b is b & a
    assert (a | b) | c is a | (b | c)
    assert (a & b) & c is a & (b & c)
    assert a | a is a
    assert a & (a | b) is a


def test_of() -> None:
    assert [Tri.of(flag) for flag in (True, False, None)] == [Tri.YES, Tri.NO, Tri.MAYBE]
