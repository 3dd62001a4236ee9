"""Sizes, strides and offsets that the interpreter follows are those that torch gives; unknown is allowed, wrong is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradsafe.domain.values import ListRef, TensorRef, TupleValue
from gradsafe.interp import names
from gradsafe.interp.analyse import BUDGETS, RootKind, _start
from gradsafe.interp.machine import Machine
from gradsafe.ops.table import load
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SETUP = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
v = torch.randn(6, requires_grad=True)
m = torch.randn(4, 6, requires_grad=True)
s = torch.randn(4, 4)
b = torch.randn(3, 3, 8, requires_grad=True)
img = torch.randn(2, 3, 8, 8)
tok = torch.tensor([[0, 1, 2], [2, 1, 0]])
idx = torch.tensor([0, 2, 1])
mask = m > 0
"""
VIEWS = """\
v[1:]; v[:2]; v[-1]; v[::2]; v[None]; v[..., None]; m[0]; m[:, 0]; m[1:3, 2:]; m[..., 0]; m[:, None]; m[1, 2]; m[-2:]; b[:, 1]
b[..., 2:4]; b[0, ..., 1]; b[:, :, ::2]; b[1, None, 2]; m.view(-1); m.view(2, 12); m.view(2, -1, 3); m.reshape(-1); m.reshape(6, 4)
m.t(); m.T; m.mT; b.mT; m.t().reshape(-1); m.t().contiguous(); m.t()[1]; m.t()[1:].reshape(-1); b.permute(2, 0, 1); b.permute((0, 2, 1))
b.permute(0, 2, 1).reshape(3, 24); b.permute(1, 0, 2).reshape(9, 8); b.transpose(1, 2); b.transpose(-1, -2)[0]; b.swapaxes(0, 1)
torch.swapdims(b, 0, 2); b.movedim(0, -1); b.moveaxis((0, 1), (1, 0)); torch.movedim(b, 2, 0); b.adjoint(); v.expand(3, 6); v.expand(2, -1)
v[:1].expand(5); v.unsqueeze(1).expand(6, 4); v.expand_as(m); v.broadcast_to(4, 6); v.unsqueeze(0); v.unsqueeze(-1); m.unsqueeze(1)
m[:1].squeeze(0); m[:1].squeeze(); m.squeeze(0); m.unsqueeze(1).squeeze(1); m.narrow(0, 1, 2); m.narrow(1, 2, 3); m.select(1, 2); m.select(0, -1)
s.diagonal(); s.diagonal(1); s.diagonal(offset=-1); b.diagonal(dim1=1, dim2=2); torch.diagonal(s); v.unfold(0, 2, 1); v.unfold(0, 3, 3)
m.unfold(1, 2, 2); v.as_strided((2, 3), (3, 1)); v.as_strided((2, 2), (1, 1)); v[1:].as_strided((2,), (2,)); m.flatten(); b.flatten(1)
b.flatten(0, 1); b.permute(0, 2, 1).flatten(1); b.unflatten(2, (2, 4)); b.unflatten(-1, (2, -1)); m.ravel(); m.view_as(s.new_zeros(6, 4))
m.detach(); m.detach()[1:]; m.data; m.real; m.unbind()[1]; m.unbind(1)[2]; m.chunk(2)[1]; m.chunk(4, dim=1)[2]; m.split(3)[1]; m.split([1, 3])[1]
m.split((2, 4), dim=1)[1]; torch.split(m, 2, dim=1)[2]; v.tensor_split(4)[1]; m.tensor_split(2)[1]; m.tensor_split((1, 2), dim=1)[1]
m.hsplit(2)[1]; m.vsplit(2)[1]; torch.unbind(m)[0]; torch.chunk(v, 4)[2]; torch.unsafe_chunk(m, 2)[1]; m.unsafe_split(3)[1]
torch.broadcast_tensors(v, m)[0]; torch.meshgrid(v, v[:4], indexing='ij')[0]; torch.meshgrid(v, v[:4], indexing='xy')[1]; torch.atleast_2d(v)
torch.narrow(m, 0, 0, 1); torch.transpose(m, 0, 1); torch.permute(b, (2, 1, 0)); m.contiguous(); m.to('cpu'); m.float(); m.t().to('cpu')
m.T.reshape(2, 2, 6); m[:, :3].reshape(-1); m[:, :3].reshape(4, 3, 1); m[:2].reshape(-1); m[::2].reshape(-1); v.view(2, 3).T.reshape(-1)
m.unsqueeze(0).expand(2, 4, 6).reshape(8, 6); v[:1].expand(5).reshape(5, 1); nn.Flatten()(b); nn.Flatten(0)(b); nn.Unflatten(1, (2, 3))(m)
"""
RESULTS = """\
m * 2; m + v; m * m[0]; m.t() * 2; m.t() + m.t(); m.t() + v[:4]; m.t().exp(); b.permute(2, 0, 1).sigmoid(); m.t().clone(); v.expand(3, 6) * 2
v.expand(3, 6).clone(); m[:, ::2] * 2; m[:, ::2].clone(); torch.zeros_like(m.t()); m.t().softmax(0); m.t().cumsum(0); m.t().masked_fill(m.t() > 0, 0)
m.t().flip(0); m.sum(); m.sum(0); m.sum(dim=1, keepdim=True); m.mean((0, 1)); m.max(); m.max(0)[0]; m.max(dim=1, keepdim=True).values; m.amax(-1)
m.norm(); m.norm(dim=1); m.std(0); m.var(1, keepdim=True); m.logsumexp(0); m.argmax(1); m.topk(2)[0]; m.sort(0)[0]; m.median(); m.prod(1)
torch.var_mean(m, 0)[1]; m.any(); m @ m.t(); m @ v; v @ m.t(); b @ b.mT; b @ s.new_zeros(8, 5); torch.mm(s, m); torch.bmm(b, b.mT)
torch.matmul(s, m); torch.addmm(s, s, s); torch.einsum('ij,kj->ik', m, m); torch.einsum('bij,bkj->bik', b, b); torch.einsum('i,j', v, v)
torch.outer(v, idx); torch.cat([m, m]); torch.cat((m, s), 1); torch.cat([m, m], dim=-1); torch.stack([v, v]); torch.stack((m, m), dim=1)
torch.hstack([m, s]); torch.vstack([v, v]); torch.hstack([v, v]); m.gather(1, tok[:, :2].new_zeros(4, 2)); m.index_select(0, idx); m[idx]; m[[0, 1]]
m[:, idx]; m[idx, idx]; m[mask]; b[idx[:2], :, idx[:2]]; b[:, idx]; b[:, [0, 1], 2]; m[idx, 0]; m[None, idx]; m[idx[:, None], idx]; m[mask[:, 0]]
m.repeat(2, 1); v.repeat(3, 1); v.tile(2); v.repeat_interleave(2); m.repeat_interleave(2, dim=1); torch.diag(v); torch.diag(s); v.diag_embed()
torch.cdist(m, m); F.one_hot(idx, 5); m.roll(1, 0); m.tril(); torch.where(mask, m, v); torch.where(m > 0, m, 0.0); m.clamp(0); m ** 2; 2 / m
m.new_zeros(3, 2); m.new_ones((2,)); torch.zeros(2, 3); torch.arange(5); torch.arange(1, 9, 3); torch.linspace(0, 1, 7); torch.eye(3); torch.full((2, 2), 1.0)
torch.tensor([[1.0, 2.0]]); torch.randint(0, 3, (2, 2)); torch.randperm(4); torch.ones(2, 3, 4).sum(1); torch.empty(3); torch.rand_like(m)
F.relu(m.t()); F.dropout(m.t(), 0.5); F.gelu(m.t()); F.softplus(m.t()); F.normalize(m.t()); F.layer_norm(m, (6,)); F.leaky_relu(m); F.pad(img, (1, 1, 2, 0))
F.pad(v, (1, 2)); F.interpolate(img, scale_factor=2); F.interpolate(img, size=(4, 4)); F.conv2d(img, img.new_zeros(5, 3, 3, 3), padding=1)
F.conv2d(img, img.new_zeros(5, 3, 3, 3), stride=2); F.max_pool2d(img, 2); F.avg_pool2d(img, 3, 1, 1); F.adaptive_avg_pool2d(img, 1)
F.linear(m, s.new_zeros(5, 6)); F.embedding(tok, m); F.mse_loss(m, m); F.cross_entropy(m, idx.new_zeros(4)); F.mse_loss(m, m, reduction='none')
F.cosine_similarity(m, m); F.scaled_dot_product_attention(b, b, b); F.softmax(m.t(), dim=-1); F.log_softmax(m, -1); m.to(torch.float64); m.t().double()
F.unfold(img, 2); F.pixel_shuffle(img.repeat(1, 4, 1, 1), 2); F.glu(m); nn.Linear(6, 5)(m); nn.Linear(8, 5)(b); nn.Embedding(9, 4)(tok)
nn.Conv2d(3, 5, 3)(img); nn.Conv2d(3, 5, 3, stride=2, padding=1)(img); nn.Conv2d(3, 6, (3, 1), padding='same')(img); nn.Conv1d(3, 4, 3)(b)
nn.ConvTranspose2d(3, 5, 4, 2, 1)(img); nn.MaxPool2d(2)(img); nn.AvgPool2d(3, stride=2)(img); nn.AdaptiveAvgPool2d((1, 1))(img); nn.BatchNorm2d(3)(img)
nn.LayerNorm(6)(m); nn.GroupNorm(1, 3)(img); nn.Upsample(scale_factor=2)(img); nn.LSTM(8, 5)(b)[0]; nn.GRU(8, 5, 2, batch_first=True)(b)[1]
nn.LSTM(8, 5)(b)[1][0]; nn.LSTMCell(6, 3)(m)[0]; nn.GRUCell(6, 3)(m); nn.MultiheadAttention(8, 2)(b, b, b)[0]; nn.PixelShuffle(1)(img)
nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))(img); nn.MSELoss()(m, m); nn.Bilinear(6, 6, 2)(m, m)
nn.ZeroPad2d(1)(img); nn.ReflectionPad2d((1, 0, 2, 1))(img); nn.CosineSimilarity()(m, m); nn.ConvTranspose1d(3, 2, 3)(b); nn.AdaptiveMaxPool2d(2)(img)
"""
MAY_BE_UNKNOWN = {
    "m[mask]",
    "m[mask[:, 0]]",
    "F.unfold(img, 2)",
    "F.mse_loss(m, m, reduction='none')",
    "torch.atleast_2d(v)",
}


def _expressions(block: str) -> list[str]:
    return [part.strip() for part in block.replace("\n", "; ").split("; ") if part.strip()]


def _found(text: str, folder: Path) -> dict[str, Any]:
    """What the interpreter has in each variable at the end of the module, as tensors of the heap."""
    session = Session(Settings(), str(folder))
    file = str(folder / "program.py")
    session.set_text(file, text)
    root = next(root for root in session.roots(file) if root.kind is RootKind.MODULE)
    machine = Machine(session.workspace, load(), BUDGETS[root.kind])
    paths = machine.run(_start(machine, root), root.scope)
    assert len(paths) == 1, [path.trail for path in paths]
    found = {}
    for (owner, name), value in paths[0].vars.flat().items():
        if owner == names.module_env(file):
            while isinstance(value, (TupleValue, ListRef)):
                value = (
                    value.items[0] if isinstance(value, TupleValue) else paths[0].items(value.oid).known[0]
                )
            found[name] = paths[0].tensor(value.oid) if isinstance(value, TensorRef) else None
    return found


@pytest.mark.parametrize("block", [VIEWS, RESULTS], ids=["views", "results"])
def test_layouts_are_torchs(block: str, tmp_path: Path) -> None:
    expressions = _expressions(block)
    text = SETUP + "".join(f"r{n} = {expression}\n" for n, expression in enumerate(expressions))
    scope: dict[str, Any] = {}
    exec(SETUP, scope)
    found = _found(text, tmp_path)
    wrong = []
    for number, expression in enumerate(expressions):
        try:
            real = eval(expression, scope)
        except Exception as error:
            wrong.append(f"{expression}: {error}")
            continue
        ours = found[f"r{number}"]
        if ours is None:
            wrong.append(f"{expression}: no tensor")
            continue
        wanted = (
            tuple(real.shape),
            real.stride(),
            real.storage_offset(),
            str(real.dtype)[6:],
            real.is_contiguous(),
        )
        got = (ours.shape, ours.strides, ours.offset, ours.dtype, ours.contiguous.name)
        if expression in MAY_BE_UNKNOWN and None in (got[0], got[1], *(got[0] or ())):
            continue
        if got != (*wanted[:4], {True: "YES", False: "NO"}[wanted[4]]):
            wrong.append(f"{expression}: torch {wanted}, followed as {got}")
    assert not wrong, "\n".join(wrong)
