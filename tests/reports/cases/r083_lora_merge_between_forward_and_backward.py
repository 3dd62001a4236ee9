# class: parameter-edit-between
import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALinear(nn.Linear):
    def __init__(self, i, o, r=2):
        nn.Linear.__init__(self, i, o)
        self.weight.requires_grad = False
        self.lora_A = nn.Parameter(torch.randn(r, i) * 0.1)
        self.lora_B = nn.Parameter(torch.randn(o, r) * 0.1)
        self.merged = False

    def merge(self):
        with torch.no_grad():
            self.weight += self.lora_B @ self.lora_A
        self.merged = True

    def forward(self, x):
        out = F.linear(x, self.weight, self.bias)
        if not self.merged:
            out = out + (x @ self.lora_A.t()) @ self.lora_B.t()
        return out


torch.manual_seed(0)
model = nn.Sequential(LoRALinear(4, 6), nn.Tanh(), LoRALinear(6, 2))
x, y = torch.randn(5, 4), torch.randint(0, 2, (5,))
loss = F.cross_entropy(model(x), y)
for m in model.modules():
    if isinstance(m, LoRALinear):
        m.merge()
loss.backward()
