# class: leaf-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


def pgd_linf(model, X, y, epsilon=0.1, alpha=0.02, num_iter=3):
    delta = torch.zeros_like(X, requires_grad=True)
    delta.uniform_(-epsilon, epsilon)
    for t in range(num_iter):
        loss = F.cross_entropy(model(X + delta), y)
        loss.backward()
        delta.data = (delta + alpha * delta.grad.detach().sign()).clamp(-epsilon, epsilon)
        delta.grad.zero_()
    return delta.detach()


torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(16, 10))
X, y = torch.rand(4, 1, 4, 4), torch.tensor([1, 2, 3, 4])
delta = pgd_linf(model, X, y)
loss = F.cross_entropy(model(X + delta), y)
loss.backward()
