import torch


def run(kind):
    x = torch.rand(4, requires_grad=True)
    match kind:
        case "a":
            y = x
        case "b":
            y = torch.rand(4)
        case _:
            y = x.clone()
    y[0] = 1.0


run("b")
