import torch


class Box:
    def __init__(self):
        self.a = torch.rand(4)

    def refresh(self):
        pass


def run(n):
    box = Box()
    box.a.requires_grad_()
    box.refresh()
    box.a[0] = 1.0


run(1)
