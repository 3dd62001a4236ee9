import torch


def run(flags):
    xs = [torch.rand(4) for _ in flags]
    ys = [x for x, f in zip(xs, flags) if f]
    zs = [x for x, f in zip(xs, flags) if not f]
    for y in ys:
        y.requires_grad_()
    for z in zs:
        z[0] = 1.0


run([True, False])
