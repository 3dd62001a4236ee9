# class: saved-output-inplace
import argparse

import torch
import torch.nn as nn


def get_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=8)
    parser.add_argument("--act", choices=["relu", "sigmoid"], default="sigmoid")
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--no-scale", dest="use_scale", action="store_false")
    return parser.parse_args([])


class MLP(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.l1, self.l2 = nn.Linear(3, args.hidden), nn.Linear(args.hidden, 1)
        self.act = {"relu": torch.relu, "sigmoid": torch.sigmoid}[args.act]

    def forward(self, x):
        x = self.act(self.l1(x))
        if self.args.use_scale:
            x *= self.args.scale
        return self.l2(x)


torch.manual_seed(0)
args = get_args()
MLP(args)(torch.randn(2, 3)).sum().backward()
