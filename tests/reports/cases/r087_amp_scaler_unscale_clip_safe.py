# class: safe-optimizer-order
import torch
import torch.nn as nn
from torch.amp import GradScaler, autocast

torch.manual_seed(0)


def train_one_epoch(model, loader, optimizer, scaler, use_amp=True):
    model.train()
    for step, batch in enumerate(loader):
        x, y = batch["x"], batch["y"]
        with autocast("cpu", enabled=use_amp, dtype=torch.bfloat16):
            out = model(x)
            loss = nn.functional.cross_entropy(out.float(), y)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        scaler.step(optimizer)
        scaler.update()


model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loader = [{"x": torch.randn(5, 4), "y": torch.randint(0, 3, (5,))} for _ in range(2)]
train_one_epoch(model, loader, optimizer, GradScaler("cpu", enabled=False), use_amp=False)
