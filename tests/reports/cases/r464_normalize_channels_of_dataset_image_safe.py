# class: safe-data-prep
import torch
import torch.nn as nn


class Normalize(object):
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, tensor):
        for t, m, s in zip(tensor, self.mean, self.std):
            t.sub_(m).div_(s)
        return tensor


torch.manual_seed(0)
normalize = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
images = torch.stack([normalize(torch.rand(3, 8, 8)) for _ in range(4)])
labels = torch.randint(0, 2, (4,))
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
images.requires_grad_()
for epoch in range(2):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
