# class: safe-custom-function
import torch


class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input ** 3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input ** 2 - 1)


torch.manual_seed(0)
x = torch.linspace(-3, 3, 20)
y = torch.sin(x)
a, b = torch.full((), 0.0, requires_grad=True), torch.full((), -1.0, requires_grad=True)
c, d = torch.full((), 0.0, requires_grad=True), torch.full((), 0.3, requires_grad=True)
learning_rate = 5e-3
P3 = LegendrePolynomial3.apply
for t in range(3):
    y_pred = a + b * P3(c + d * x)
    loss = (y_pred - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, d):
            p -= learning_rate * p.grad
            p.grad = None
