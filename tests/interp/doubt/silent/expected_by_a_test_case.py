import unittest

import torch


class Modified(unittest.TestCase):
    def test_modified(self):
        w = torch.ones(3, requires_grad=True)
        y = w.exp()
        y.add_(1)
        with self.assertRaisesRegex(RuntimeError, "inplace operation"):
            y.sum().backward()
        with self.assertRaises((ValueError, RuntimeError)) as caught:
            w.add_(1)
        self.assertIn("leaf", str(caught.exception))


def run(case):
    case.test_modified()


run(Modified("test_modified"))
