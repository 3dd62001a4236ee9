"""Does memory grow under trace? ``python -m tests.tracer.long_loop 100000``: records, log and memory as the steps go by."""

from __future__ import annotations

import gc
import sys
import time

import torch
from torch import nn

from gradsafe_tracer.events import dump
from gradsafe_tracer.running.limits import resident
from gradsafe_tracer.seen import places
from gradsafe_tracer.watching.session import Session

TOLD = (1_000, 2_000, 5_000, 10_000, 25_000, 50_000)


def main(steps: int) -> None:
    places.mark_user_file(__file__)
    torch.set_num_threads(1)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(net.parameters())
    session = Session()
    session.start()
    start = time.time()
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        net(torch.randn(3, 4)).pow(2).mean().backward()
        optimizer.step()
        if step in TOLD or step == steps:
            gc.collect()
            kept, objects = len(session.recorder.log.notes), len(gc.get_objects())
            size = len(dump(session.events())) // 1024
            print(
                f"{step:>7} steps: {kept} events kept, log {size} KB, {objects} objects, "
                f"{resident() / 2**20:.1f} MB, {time.time() - start:.0f} s",
                flush=True,
            )
    session.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
