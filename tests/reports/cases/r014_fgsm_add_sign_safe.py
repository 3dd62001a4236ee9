# class: safe-detached-copy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


def fgsm(image, epsilon, grad):
    perturbed = image + epsilon * grad.sign()
    return perturbed.clamp_(0, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.drop = nn.Dropout2d(0.25)
        self.fc = nn.Linear(4 * 36, 10)

    def forward(self, x):
        x = F.relu(self.conv(x), inplace=True)
        x = self.drop(x)
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc(x), dim=1)


model = Net()
model.train()
data, target = torch.rand(3, 1, 8, 8), torch.randint(0, 10, (3,))
data.requires_grad = True
loss = F.nll_loss(model(data), target)
model.zero_grad()
loss.backward()
adv = fgsm(data, 0.3, data.grad.data)
out = model(adv)
F.nll_loss(out, target).backward()
