"""``docs/op-db.md``: the figures, and every name on which torch and gradsafe differ, with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import torch

from .judge import Compared

PAGE = Path(__file__).parents[2] / "docs" / "op-db.md"

REASONS = {
    "torch.masked.": "saves the mask as given only if it has the shape of the input; else a broadcast copy",
    "F.linear_cross_entropy": "computed in chunks that its options choose: every answer carries a ?",
    "nn.LinearCrossEntropyLoss": "computed in chunks that its options choose: every answer carries a ?",
    "F.embedding_bag": "which kernel runs hangs on the dimensions of the input and the mode together",
    "nn.EmbeddingBag": "which kernel runs hangs on the dimensions of the input and the mode together",
    "torch.linalg.multi_dot": "the order of four matrices or more is the cheapest one for their sizes",
    "F.conv3d": "padding='same' with an even kernel pads a copy of the input",
    "torch.conv3d": "padding='same' with an even kernel pads a copy of the input",
    "F.conv2d": "padding='same' with an even kernel pads a copy of the input",
    "F.conv1d": "padding='same' with an even kernel pads a copy of the input",
    "torch.tensordot": "an operand is transposed into a copy or not, by the dimensions that are contracted",
    "F.multi_head_attention_forward": "the function with all weights as arguments is one line; the module is exact",
    "torch.cov": "with both weights their product is saved, and `aweights` itself only for some inputs",
    "nn.LSTM": "with a projection, or in float64, the fused kernel does not run; the table has the fused one",
    "nn.AdaptiveLogSoftmaxWithLoss": "which clusters run hangs on the values of the target",
    "nn.AdaptiveAvgPool": "a size of None is that of the input",
    "F.adaptive_": "a size of None is that of the input",
    "nn.CTCLoss": "targets of int32 are cast to a copy; the table was probed with int64",
    "F.ctc_loss": "targets of int32 are cast to a copy; the table was probed with int64",
    "torch.empty": "an out= that is not written at all moves no counter",
    "torch.kron": "its out= is written through a reshaped tensor that moves no counter",
    "torch.fft.": "the input is padded or cut into a copy where n or s is not its own size",
}
"""By name or prefix. A difference without one is shown as such: nobody has looked at it."""


def reason_of(name: str) -> str:
    """Why the answers of a name differ."""
    return next((why for prefix, why in REASONS.items() if name.startswith(prefix)), "not looked at")


def page(found: dict[str, Sequence[Compared]], commands: dict[str, str]) -> str:
    """The page for a few sets of programs."""
    lines = [
        "# op_db and module_db as programs",
        "",
        "Written by `python -m tests.opdb --write`; not to be edited. Each program is a function of a few lines: the",
        "call (as function, method, in-place method, operator, with `out=`), one in-place write to an operand or to the",
        "result, backward; every pattern of who requires grad. Torch runs the text, gradsafe analyses the same text.",
        "Equal: torch runs it and gradsafe is silent, or both name the same rule and line, with severity *error*.",
        "",
        f"Torch {torch.__version__.partition('+')[0]}, CPU.",
        "",
        "| set | programs | raise | names | equal | missed | uncertain | false errors | false warnings | other |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for title, programs in found.items():
        kinds = Counter(each.kind for each in programs)
        raising = sum(bool(each.torch.slug) for each in programs)
        names = len({each.program.name for each in programs})
        shares = f"{kinds['equal'] / max(1, len(programs)):.2%}"
        counts = ("missed", "uncertain", "false error", "false warning", "other place or rule")
        cells = " | ".join(str(kinds[kind]) for kind in counts)
        lines.append(
            f"| {title} (`{commands[title]}`) | {len(programs)} | {raising} | {names} | {shares} | {cells} |"
        )
    lines += ["", "## The rest", "", "| name | differ | of | why |", "|---|---|---|---|"]
    total: Counter[str] = Counter()
    wrong: dict[str, int] = defaultdict(int)
    for programs in found.values():
        for each in programs:
            total[each.program.name] += 1
            wrong[each.program.name] += not each.equal
    for name, count in sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0])):
        if count:
            shown = name.replace("|", "\\|")
            lines.append(f"| `{shown}` | {count} | {total[name]} | {reason_of(name)} |")
    return "\n".join(lines) + "\n"
