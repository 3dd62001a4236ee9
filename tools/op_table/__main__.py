"""``python -m tools.op_table``: write the committed table of the running torch."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from tools.op_table.generate import generate

FOLDER = Path(__file__).parents[2] / "server" / "gradsafe" / "ops" / "tables"


def main() -> int:
    """Write ``tables/torch-VERSION-DEVICE.txt``."""
    version = torch.__version__.partition("+")[0]
    path = FOLDER / f"torch-{version}-cpu.txt"
    path.write_text(generate(), encoding="utf-8")
    print(path.name, len(path.read_text(encoding="utf-8").splitlines()), "lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
