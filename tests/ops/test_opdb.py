"""op_db, module_db and calls as real code writes them, as programs: torch and gradsafe say the same of each.

A seeded sample; ``python -m tests.opdb --write`` runs everything and lists the rest in ``docs/op-db.md``.
"""

from __future__ import annotations

import random

import pytest

from gradsafe.ops.table import load

torch = pytest.importorskip("torch")
pytest.importorskip("torch.testing._internal.common_methods_invocations")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        torch.__version__.partition("+")[0] != load().torch_version, reason="the table is of another torch"
    ),
]
GOAL = 0.995


def _hold(programs, goal=GOAL):
    from tests.opdb.__main__ import report
    from tests.opdb.judge import compare

    found = list(compare(programs))
    assert len(found) > 100
    assert sum(each.equal for each in found) >= goal * len(found), report(found)
    assert not [each for each in found if each.kind == "false error"], report(found)


def test_op_db():
    from tests.opdb.collect import op_programs
    from tests.opdb.written import reason_of

    names = [
        name for name in load().names() if reason_of(name) == "not looked at" and not name.startswith("nn.")
    ]
    chosen = frozenset(random.Random(7).sample(names, 160))
    _hold(list(op_programs(1, 7, chosen))[:700])


def test_module_db():
    from tests.opdb.modules import module_programs
    from tests.opdb.written import reason_of

    names = [name for name in load().modules() if reason_of(name) == "not looked at"]
    chosen = frozenset(random.Random(8).sample(names, 40))
    _hold(list(module_programs(1, 8, chosen))[:700])


def test_calls_as_written():
    from tests.opdb.statements import statement_programs

    _hold(random.Random(9).sample(list(statement_programs()), 400))


def test_whatever_differs_has_a_reason():
    from tests.opdb.written import PAGE

    assert "not looked at" not in PAGE.read_text(encoding="utf-8")
