import unittest

import torch


class Modified(unittest.TestCase):
    def test_modified(self):
        w = torch.ones(3, requires_grad=True)
        y = w.exp()
        y.add_(1)
        with self.assertRaises(ValueError):
            y.sum().backward()


def run(case):
    case.test_modified()


run(Modified("test_modified"))
