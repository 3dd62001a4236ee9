import torch


class Box:
    def __init__(self, make):
        self.make = make
        self.a = make()

    def refresh(self):
        self.a = self.make()


def run(box):
    box.a.requires_grad_()
    box.refresh()
    box.a[0] = 1.0


run(Box(lambda: torch.rand(4)))
