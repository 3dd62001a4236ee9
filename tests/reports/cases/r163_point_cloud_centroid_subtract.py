# class: saved-input-inplace
import torch
import torch.nn as nn


class TNet(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.k = k
        self.conv = nn.Conv1d(k, 8, 1)
        self.fc = nn.Linear(8, k * k)

    def forward(self, x):
        y = torch.relu(self.conv(x)).max(2)[0]
        return self.fc(y).view(-1, self.k, self.k) + torch.eye(self.k)


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.tnet, self.lift, self.conv = TNet(), nn.Conv1d(3, 3, 1), nn.Conv1d(3, 4, 1)

    def forward(self, pts):
        pts = self.lift(pts)
        T = self.tnet(pts)
        pts -= pts.mean(dim=2, keepdim=True)
        pts = torch.bmm(T, pts)
        return self.conv(pts).amax(2)


torch.manual_seed(0)
net = PointNet()
nn.functional.cross_entropy(net(torch.randn(2, 3, 7)), torch.tensor([1, 3])).backward()
