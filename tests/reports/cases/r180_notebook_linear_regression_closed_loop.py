# class: leaf-inplace
# %%
import torch

# %%
torch.manual_seed(0)
X = torch.linspace(0, 1, 10).unsqueeze(1)
y = 3 * X + 1
W = torch.randn(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)


# %%
def mse(pred, target):
    return ((pred - target) ** 2).mean()


# %%
lr = 0.1
for epoch in range(3):
    loss = mse(X @ W + b, y)
    loss.backward()
    with torch.no_grad():
        W -= lr * W.grad
    b -= lr * b.grad
    W.grad.zero_()
    b.grad.zero_()
# %%
print(W, b)
