# class: slice-assign-activation
import torch
import torch.nn as nn


class TemporalShift(nn.Module):
    def __init__(self, net, n_segment=4, fold_div=4):
        super().__init__()
        self.net, self.n_segment, self.fold_div = net, n_segment, fold_div

    def forward(self, x):
        nt, c, h, w = x.size()
        x = x.view(nt // self.n_segment, self.n_segment, c, h, w)
        fold = c // self.fold_div
        x[:, :-1, :fold] = x[:, 1:, :fold].clone()
        x[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold].clone()
        return self.net(x.view(nt, c, h, w))


torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), TemporalShift(nn.Conv2d(8, 8, 3, padding=1)), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2),
)
clip = torch.randn(4, 3, 5, 5)
nn.functional.cross_entropy(model(clip), torch.tensor([0, 1, 0, 1])).backward()
