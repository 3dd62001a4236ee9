"""Looking an operation up: by name, by what is known of its arguments, and by what is not."""

from __future__ import annotations

import pytest

from gradsafe.ops.entry import Arg
from gradsafe.ops.notation import Save, Write
from gradsafe.ops.operators import BINARY, UNARY
from gradsafe.ops.table import load

TABLE = load()
T = Arg("tensor")
UNKNOWN = Arg()


def number(value):
    return Arg("number", value)


def flag(value):
    return Arg("bool", value)


def saves(name, *args, **kwargs):
    selection = TABLE.select(name, args, kwargs)
    assert selection is not None, name
    return {str(save) for save in selection.op.saves}


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("torch.mul", (T, T), {"self for other", "other for self"}),
        ("Tensor.__mul__", (T, number(2)), {"self for other", "other for self"}),
        ("torch.add", (T, T), set()),
        ("torch.exp", (T,), {"result"}),
        ("Tensor.sigmoid", (T,), {"result"}),
        ("Tensor.sin", (T,), {"self"}),
        ("Tensor.sum", (T,), set()),
        ("Tensor.mean", (T, number(0)), set()),
        ("Tensor.max", (T,), {"self", "result"}),
        ("Tensor.max", (T, number(0)), {"result1"}),
        ("Tensor.max", (T, T), {"self", "other"}),
        ("Tensor.var", (T,), {"self"}),
        ("Tensor.std", (T,), {"self", "result"}),
        ("Tensor.pow", (T, number(2)), {"self"}),
        ("Tensor.pow", (T, T), {"self", "exponent", "result"}),
        ("torch.gather", (T, number(0), T), {"self", "index"}),
        ("Tensor.scatter", (T, number(0), T, T), {"index"}),
        ("Tensor.index_select", (T, number(0), T), {"index"}),
        ("Tensor.masked_fill", (T, T, number(0)), {"mask"}),
        ("torch.where", (T, T, T), {"condition"}),
        ("Tensor.where", (T, T, T), {"condition"}),
        ("Tensor.cumprod", (T, number(0)), {"self", "result"}),
        ("torch.cat", (Arg("tensors"),), set()),
        ("torch.stack", (Arg("tensors"),), set()),
        ("torch.bmm", (T, T), {"self for mat2", "mat2 for self"}),
        ("F.linear", (T, T, T), {"input for weight", "weight for input"}),
        ("F.softmax", (T,), {"result"}),
        ("F.log_softmax", (T,), {"result"}),
        ("F.gelu", (T,), {"self"}),
        ("F.mse_loss", (T, T), {"input", "target"}),
        ("Tensor.norm", (T,), {"self", "result"}),
        ("torch.einsum", (Arg("str", "ij,jk->ik"), T, T), {"left for right", "right for left"}),
        ("F.embedding", (T, T), {"input"}),
        ("Tensor.clone", (T,), set()),
        ("F.layer_norm", (T, Arg("ints"), T, T), {"bias", "input", "weight"}),
    ],
)
def test_what_is_saved(name, args, expected):
    assert saves(name, *args) == expected


def test_in_place_variants_are_derived():
    assert saves("Tensor.exp_", T) == {"result"}
    assert saves("Tensor.relu_", T) == {"result"}
    assert saves("Tensor.sin_", T) == {"copy"}, "the old value is saved as a clone"
    assert saves("Tensor.mul_", T, T) == {"other for self", "copy for other"}
    selection = TABLE.select("Tensor.add_", (T, T), {})
    assert str(selection.op.returns) == "same self"
    assert selection.op.writes == (Write("self"),)
    assert TABLE.select("Tensor.sum_", (T,), {}) is None
    assert TABLE.select("Tensor.view_", (T,), {}) is None


@pytest.mark.parametrize("name", ["fill_", "zero_", "masked_fill_", "index_put_"])
def test_writes_without_an_overlap_check(name):
    assert any(op.writes[0].unchecked for op in TABLE.ops(f"Tensor.{name}"))


@pytest.mark.parametrize("name", ["add_", "copy_", "relu_", "clamp_", "mul_"])
def test_writes_with_an_overlap_check(name):
    assert not any(op.writes[0].unchecked for op in TABLE.ops(f"Tensor.{name}"))


def test_out_is_derived():
    selection = TABLE.select("torch.exp", (T,), {"out": T})
    assert str(selection.op.returns) == "same out nograd"
    assert selection.op.saves == ()
    assert selection.op.writes == (Write("out"),)
    assert selection.binding["out"] == "out"


def test_functions_with_a_flag():
    assert str(TABLE.select("F.relu", (T,), {}).op.returns) == "fresh"
    written = TABLE.select("F.relu", (T,), {"inplace": flag(True)})
    assert (str(written.op.returns), written.op.writes) == ("same input", (Write("input"),))
    may = TABLE.select("F.relu", (T,), {"inplace": Arg("bool")})
    assert not may.exact
    assert may.op.writes == (Write("input", certain=False),)
    assert may.op.saves == (Save("result"),), "both lines save it"
    assert str(may.op.returns) == "same? input"


def test_dropout_in_eval_writes_nothing():
    quiet = {"training": flag(False), "inplace": flag(True)}
    selection = TABLE.select("F.dropout", (T,), quiet)
    assert (str(selection.op.returns), selection.op.writes) == ("same input", ())
    module = TABLE.select("nn.Dropout", (T,), {"p": number(0.5), **quiet})
    assert (str(module.op.returns), module.op.writes) == ("same input", ())
    running = TABLE.select(
        "nn.Dropout", (T,), {"p": number(0.5), "training": flag(True), "inplace": flag(True)}
    )
    assert running.op.writes == (Write("input"),)


def test_unknown_arguments_leave_what_may_happen():
    selection = TABLE.select("Tensor.max", (T, UNKNOWN), {})
    assert not selection.exact
    assert all(not save.certain for save in selection.op.saves)
    assert str(selection.op.returns) == "unknown"
    assert len(selection.lines) == 2


def test_an_unknown_operand_of_one_line_is_exact():
    selection = TABLE.select("Tensor.mul", (T, UNKNOWN), {})
    assert selection.exact
    assert selection.binding == {"self": 0, "other": 1}


def test_python_spellings_of_keywords():
    assert TABLE.select("torch.sum", (), {"input": T, "axis": number(0)}).binding == {
        "self": "input",
        "dim": "axis",
    }
    assert TABLE.select("torch.sum", (T,), {"nonsense": T}) is None


def test_loose_ints_and_star_arguments():
    selection = TABLE.select("Tensor.view", (T, number(2), number(3)), {})
    assert (selection.star, selection.binding["size"]) == ("size", 1)
    assert str(selection.op.returns) == "view self"
    selection = TABLE.select("torch.block_diag", (T, T, T), {})
    assert selection.star is not None and selection.binding[selection.star] == 0


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("Tensor.view", (T, number(2)), "view self"),
        ("Tensor.reshape", (T, number(2)), "view? self"),
        ("Tensor.contiguous", (T,), "same? self"),
        ("Tensor.to", (T, Arg("device")), "same? self"),
        ("Tensor.float", (T,), "same? self"),
        ("Tensor.detach", (T,), "view self nograd"),
        ("Tensor.data", (T,), "view self nograd"),
        ("Tensor.unbind", (T,), "multiview self"),
        ("Tensor.chunk", (T, number(2)), "multiview self"),
        ("Tensor.split", (T, number(2)), "multiview self"),
        ("Tensor.tensor_split", (T, number(2)), "[view self]"),
        ("Tensor.argmax", (T,), "fresh int64"),
        ("Tensor.gt", (T, number(0)), "fresh bool"),
        ("Tensor.item", (T,), "value"),
        ("Tensor.__getitem__", (T, number(0)), "view self"),
        ("Tensor.__getitem__", (T, Arg("slice")), "view self"),
        ("Tensor.__getitem__", (T, Arg("tensor", ndim=1, dtype="int64")), "fresh"),
        ("Tensor.__getitem__", (T, Arg("tensor", ndim=0, dtype="int64")), "view self"),
        ("nn.Identity", (T,), "same input"),
    ],
)
def test_what_is_returned(name, args, expected):
    assert str(TABLE.select(name, args, {}).op.returns) == expected


def test_views_that_may_overlap():
    for name in ("expand", "expand_as", "broadcast_to", "unfold"):
        assert all("overlap" in op.flags for op in TABLE.ops(f"Tensor.{name}")), name


@pytest.mark.parametrize(
    ("dotted", "name"),
    [
        ("torch.nn.functional.relu", "F.relu"),
        ("torch.Tensor.__iadd__", "Tensor.add_"),
        ("torch.nn.modules.linear.Linear", "nn.Linear"),
        ("torch.nn.init.normal_", "init.normal_"),
        ("torch.linalg.norm", "torch.linalg.norm"),
        ("torch.optim.SGD", "optim.SGD"),
        ("torch.special.expit", "torch.special.expit"),
        ("torch.no_such_thing", None),
        ("numpy.exp", None),
    ],
)
def test_canonical_names(dotted, name):
    assert TABLE.canonical(dotted) == name


def test_every_operator_is_in_the_table():
    for operator in BINARY.values():
        for name in (operator.direct, operator.reflected, operator.in_place):
            assert not name or TABLE.ops(name), name
    for name in UNARY.values():
        assert TABLE.ops(name), name


def test_modules_read_their_state():
    linear = TABLE.select("nn.Linear", (T,), {"weight": T, "bias": Arg("none", None)})
    assert {str(save) for save in linear.op.saves} == {"input for weight", "weight for input"}
    norm = TABLE.select("nn.BatchNorm2d", (T,), {"training": flag(True)})
    assert Write("running_mean", 0) in norm.op.writes, "BatchNorm writes its statistics without a bump"
    assert TABLE.select("nn.BatchNorm2d", (T,), {"training": flag(False)}).op.writes == ()
    embedding = TABLE.select("nn.Embedding", (T,), {"weight": T, "max_norm": number(1.0)})
    assert Write("weight") in embedding.op.writes


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *(
            (name, set())
            for name in ("silu", "hardswish", "mish", "hardsigmoid", "relu6", "hardtanh", "dropout")
        ),
        *((name, {"result"}) for name in ("relu", "leaky_relu", "elu", "selu", "celu")),
    ],
)
def test_what_an_in_place_activation_keeps(name, kept):
    selection = TABLE.select(f"F.{name}", (T,), {"inplace": flag(True)})
    assert {str(save) for save in selection.op.saves} == kept
    assert selection.op.writes == (Write("input"),)


@pytest.mark.parametrize("name", ["requires_grad_", "detach_", "share_memory_"])
def test_what_moves_no_counter(name):
    assert TABLE.select(f"Tensor.{name}", (T,), {}).op.writes == ()


@pytest.mark.parametrize("name", ["apply_", "map_"])
def test_what_writes_without_a_bump(name):
    assert all(op.writes == (Write("self", 0),) for op in TABLE.ops(f"Tensor.{name}"))


@pytest.mark.parametrize("name", ["squeeze_", "t_", "set_", "unsqueeze_"])
def test_metadata_operations_are_writes(name):
    for op in TABLE.ops(f"Tensor.{name}"):
        assert op.writes[0].bumps == 1
        assert "metadata" in op.flags


def test_a_remembered_look_up_tells_literals_apart():
    reduced = TABLE.select("Tensor.max", (T, number(0)), {})
    assert str(reduced.op.returns) == "(fresh, fresh int64)"
    assert (
        TABLE.select("F.dropout", (T, number(0.0)), {}).op
        != TABLE.select("F.dropout", (T, number(0.5)), {}).op
    )
    assert TABLE.select("torch.zeros", (Arg("ints", [2, 3]),), {}) is not None, "a list has no hash"


def test_a_copy_that_is_asked_for_is_fresh():
    assert str(TABLE.select("Tensor.to", (T, Arg("dtype")), {"copy": flag(True)}).op.returns) == "fresh"
