# class: inference-mode-saved
import torch
import torch.nn as nn
import torch.nn.functional as F


@torch.inference_mode()
def extract(backbone, loader):
    return torch.cat([backbone(x) for x in loader])


torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(6, 4), nn.ReLU()).eval()
probe = nn.Linear(4, 2)
feats = extract(backbone, [torch.randn(3, 6), torch.randn(3, 6)])
labels = torch.randint(0, 2, (6,))
opt = torch.optim.LBFGS(probe.parameters(), max_iter=3)


def closure():
    opt.zero_grad()
    loss = F.cross_entropy(probe(feats), labels)
    loss.backward()
    return loss


opt.step(closure)
