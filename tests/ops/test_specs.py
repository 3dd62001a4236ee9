"""What constructors leave on ``self``, and what optimizers write."""

from __future__ import annotations

from gradsafe.ops.specs import recurrent_states
from gradsafe.ops.table import load

TABLE = load()


def states(name):
    return {state.name: (state.role, state.needs) for state in TABLE.module(name).states}


def test_linear():
    spec = TABLE.module("torch.nn.Linear")
    assert [name for name, _ in spec.signature[:3]] == ["in_features", "out_features", "bias"]
    assert states("nn.Linear") == {"weight": ("parameter", ()), "bias": ("parameter", ("bias",))}


def test_batch_norm():
    found = states("nn.BatchNorm2d")
    assert found["weight"] == ("parameter", ("affine",))
    assert found["bias"] == ("parameter", ("affine", "bias"))
    assert found["running_mean"] == ("buffer", ("track_running_stats",))


def test_layer_norm():
    assert states("nn.LayerNorm")["bias"] == ("parameter", ("elementwise_affine", "bias"))


def test_attributes_repeat_arguments():
    assert TABLE.module("nn.Dropout").attributes == {"p": "p", "inplace": "inplace"}


def test_containers():
    assert TABLE.module("nn.Sequential").container == "sequential"
    assert TABLE.module("nn.ModuleList").container == "list"
    assert TABLE.module("nn.ModuleDict").container == "dict"
    assert not TABLE.module("nn.Module").forward


def test_recurrent_parameters_are_spelled():
    assert TABLE.module("nn.LSTM").container == "recurrent"
    assert list(recurrent_states(1, True, True))[:5] == [
        "weight_ih_l0",
        "weight_hh_l0",
        "bias_ih_l0",
        "bias_hh_l0",
        "weight_ih_l0_reverse",
    ]
    assert list(recurrent_states(2, False, False)) == [
        "weight_ih_l0",
        "weight_hh_l0",
        "weight_ih_l1",
        "weight_hh_l1",
    ]


def test_optimizers_bump_as_measured():
    bumps = {
        name: TABLE.optimizer(f"torch.optim.{name}") for name in ("SGD", "Adam", "AdamW", "ASGD", "NAdam")
    }
    assert {name: spec.bumps for name, spec in bumps.items()} == {
        "SGD": 1,
        "Adam": 1,
        "AdamW": 2,
        "ASGD": 2,
        "NAdam": 2,
    }
    assert bumps["ASGD"].foreach_bumps == 1
    assert bumps["SGD"].fused_bumps == bumps["AdamW"].fused_bumps == 0
    assert TABLE.optimizer("optim.LBFGS").bumps > 1, "one for each inner iteration"
    assert TABLE.optimizer("torch.optim.NoSuch") is None
