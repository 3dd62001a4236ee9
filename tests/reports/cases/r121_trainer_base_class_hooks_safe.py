# class: safe-optimizer-order
import abc

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class BaseTrainer(abc.ABC):
    def __init__(self, model, loaders, epochs=2):
        self.model, self.loaders, self.epochs = model, loaders, epochs
        self.optimizer = self.configure_optimizer()
        self.meters = {"loss": 0.0, "n": 0}

    def configure_optimizer(self):
        return torch.optim.SGD(self.model.parameters(), lr=0.1, nesterov=True, momentum=0.9)

    @abc.abstractmethod
    def compute_loss(self, batch):
        ...

    def fit(self):
        for epoch in range(self.epochs):
            self.model.train()
            for batch in self.loaders["train"]:
                loss = self.compute_loss(batch)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.meters["loss"] += loss.item()
                self.meters["n"] += 1
            self.evaluate()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        total = torch.zeros(1)
        for x, y in self.loaders["val"]:
            out = self.model(x)
            out.exp_()
            out /= out.sum(1, keepdim=True)
            total += (out.argmax(1) == y).sum()
        return total.item()


class Classifier(BaseTrainer):
    def compute_loss(self, batch):
        x, y = batch
        return nn.functional.cross_entropy(self.model(x), y)


torch.manual_seed(0)
ds = TensorDataset(torch.randn(12, 5), torch.randint(0, 3, (12,)))
net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(True), nn.Dropout(0.5, True), nn.Linear(8, 3))
Classifier(net, {"train": DataLoader(ds, batch_size=4, shuffle=True), "val": DataLoader(ds, batch_size=6)}).fit()
