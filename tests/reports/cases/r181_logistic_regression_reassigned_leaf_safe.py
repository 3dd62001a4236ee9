# class: safe-param-update
import torch

torch.manual_seed(0)
X, y = torch.randn(20, 2), (torch.rand(20) > 0.5).float()
theta = torch.zeros(3, requires_grad=True)


def predict(X, theta):
    ones = torch.ones(len(X), 1)
    return torch.sigmoid(torch.cat([ones, X], 1) @ theta)


for i in range(4):
    p = predict(X, theta)
    loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    loss.backward()
    theta = (theta - 0.1 * theta.grad).detach().requires_grad_()
