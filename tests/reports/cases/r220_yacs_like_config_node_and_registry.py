# class: activation-then-inplace
import torch
import torch.nn as nn


class CfgNode(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


ACTS = {"relu": nn.ReLU, "silu": nn.SiLU, "sigmoid": nn.Sigmoid}
REGISTRY = {}


def register(name):
    def deco(cls):
        REGISTRY[name] = cls
        return cls

    return deco


@register("se")
class SqueezeExcite(nn.Module):
    def __init__(self, c, act="relu", inplace=True):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, c // 2, 1), nn.Conv2d(c // 2, c, 1)
        self.act = ACTS[act](inplace=inplace)
        self.gate = nn.Sigmoid()

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        s = self.fc2(self.act(self.fc1(s)))
        g = self.gate(s)
        self.act(g)
        return x * g


def build(cfg):
    return REGISTRY[cfg.MODEL.NAME](cfg.MODEL.CH, act=cfg.MODEL.ACT)


cfg = CfgNode(MODEL=CfgNode(NAME="se", CH=4, ACT="relu"))
torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 4, 3), build(cfg))
net(torch.randn(2, 1, 6, 6)).square().mean().backward()
