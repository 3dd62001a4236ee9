"""What to do about errors that have nothing to do with autograd and keep a program from being traced."""

from __future__ import annotations

import re
from typing import List

_NO_CUDA = re.compile(
    r"Torch not compiled with CUDA enabled|Found no NVIDIA driver|No CUDA GPUs are available|"
    r"deserialize object on a CUDA device but torch.cuda.is_available\(\) is False|CUDA driver initialization failed"
)


def hint(error: BaseException) -> List[str]:
    """Notes for the report; none where there is nothing to say."""
    if _NO_CUDA.search(str(error)):
        choice = '`"cuda" if torch.cuda.is_available() else "cpu"`'
        remedy = f"run it where there is a GPU, let it choose its device ({choice}), or look for loud errors with --dry-run"
        return [f"the program needs CUDA, and torch finds none here: {remedy}"]
    if isinstance(error, MemoryError) or re.search("out of memory|can't allocate memory", str(error)):
        return ["memory ran out: a smaller batch shows the same defects, and --dry-run needs none"]
    return []
