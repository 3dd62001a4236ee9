# class: recurrence-buffer
import torch
import torch.nn as nn


class KalmanNet(nn.Module):
    def __init__(self, n=2, m=1):
        super().__init__()
        self.F = nn.Parameter(torch.eye(n))
        self.H = nn.Parameter(torch.randn(m, n))
        self.q, self.r = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def forward(self, zs):
        n = self.F.size(0)
        xs = torch.zeros(len(zs) + 1, n)
        Ps = torch.zeros(len(zs) + 1, n, n)
        Ps[0] = torch.eye(n)
        nll = 0.0
        for t, z in enumerate(zs):
            x = self.F @ xs[t]
            P = self.F @ Ps[t] @ self.F.T + self.q.exp() * torch.eye(n)
            S = self.H @ P @ self.H.T + self.r.exp() * torch.eye(1)
            K = P @ self.H.T @ torch.linalg.inv(S)
            y = z - self.H @ x
            xs[t + 1] = x + K @ y
            Ps[t + 1] = P - K @ self.H @ P
            nll = nll + 0.5 * (y @ torch.linalg.solve(S, y) + torch.logdet(S))
        return nll


torch.manual_seed(0)
net = KalmanNet()
loss = net(torch.randn(3, 1))
loss.backward()
