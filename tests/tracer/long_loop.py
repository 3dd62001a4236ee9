"""Does memory grow under trace? ``python -m tests.tracer.long_loop 100000``: records and memory as the steps go by."""

from __future__ import annotations

import gc
import resource
import sys
import time

import torch
from torch import nn

from gradsafe_tracer import places
from gradsafe_tracer.session import Session


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
        if step in (1_000, 2_000, 5_000, 10_000) or step % 25_000 == 0:
            gc.collect()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            kept, objects = len(session.recorder.log.notes), len(gc.get_objects())
            print(
                f"{step:>7} steps: {kept} events kept, {objects} objects, peak {peak} MB, {time.time() - start:.0f} s"
            )
    session.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
