# class: view-of-activation
import torch
import torch.nn as nn


def apply_rotary_(x, cos, sin):
    x1, x2 = x[..., 0::2], x[..., 1::2]
    a = x1 * cos - x2 * sin
    b = x1 * sin + x2 * cos
    x1.copy_(a)
    x2.copy_(b)
    return x


class Attn(nn.Module):
    def __init__(self, d=8, h=2):
        super().__init__()
        self.h = h
        self.q_proj, self.k_proj, self.v_proj = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        half = d // h // 2
        freqs = torch.outer(torch.arange(5.0), 1.0 / 100 ** (torch.arange(half) / half))
        self.register_buffer("cos", freqs.cos())
        self.register_buffer("sin", freqs.sin())

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (p(x).view(b, t, self.h, -1).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        q_norm = q.norm(dim=-1, keepdim=True)
        q, k = apply_rotary_(q, self.cos[:t], self.sin[:t]), apply_rotary_(k, self.cos[:t], self.sin[:t])
        att = ((q / q_norm) @ k.transpose(-2, -1)).softmax(-1)
        return (att @ v).transpose(1, 2).reshape(b, t, d)


torch.manual_seed(0)
attn = Attn()
attn(torch.randn(2, 5, 8)).sum().backward()
