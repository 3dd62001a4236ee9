"""The forking map behaves as plain dicts that are copied at each fork do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gradsafe.domain.layered import LayeredMap

KEYS = st.integers(0, 12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 3), KEYS, st.integers(1, 99)),
        st.tuples(st.just("del"), st.integers(0, 3), KEYS, st.just(0)),
        st.tuples(st.just("fork"), st.integers(0, 3), st.just(0), st.just(0)),
    ),
    max_size=80,
)


@given(STEPS)
def test_equals_copied_dicts(steps: list[tuple[str, int, int, int]]) -> None:
    maps: list[LayeredMap[int, int]] = [LayeredMap()]
    models: list[dict[int, int]] = [{}]
    for kind, which, key, value in steps:
        at = which % len(maps)
        if kind == "set":
            maps[at][key] = value
            models[at][key] = value
        elif kind == "del":
            del maps[at][key]
            models[at].pop(key, None)
        else:
            maps.append(maps[at].fork())
            models.append(dict(models[at]))
    for layered, model in zip(maps, models, strict=True):
        assert layered.flat() == model
        assert all(layered.get(key) == model.get(key) for key in range(13))
        assert set(layered) == set(model)


@given(STEPS)
def test_same_is_equality_of_entries(steps: list[tuple[str, int, int, int]]) -> None:
    one: LayeredMap[int, int] = LayeredMap()
    for _, _, key, value in steps:
        one[key] = value
    other = one.fork()
    assert one.same(other)
    other[99] = 1
    assert not one.same(other)
    del other[99]
    assert one.same(other)
