# class: safe-registry
import torch
import torch.nn as nn

_MODELS: dict = {}


def register_model(fn):
    _MODELS[fn.__name__] = fn
    return fn


class Head(nn.Module):
    def __init__(self, inplace: bool):
        super().__init__()
        self.act = nn.ReLU(inplace=inplace)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.act(x))


@register_model
def tiny(inplace=True):
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), Head(inplace))


@register_model
def tiny_sigmoid(inplace=False):
    return nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), Head(inplace))


def create_model(name, **kw):
    if name not in _MODELS:
        raise KeyError(f"unknown model {name}, have {sorted(_MODELS)}")
    return _MODELS[name](**kw)


if __name__ == "__main__":
    torch.manual_seed(0)
    for name in ("tiny", "tiny_sigmoid"):
        net = create_model(name)
        out = net(torch.randn(5, 3))
        nn.functional.cross_entropy(out, torch.randint(0, 2, (5,))).backward()
