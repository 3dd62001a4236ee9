"""One finding with everything on it, for the formats to render."""

from __future__ import annotations

from gradsafe.report.entry import Entry, to_entry
from gradsafe.rules.finding import Edit, Finding, Fix, Related, Role, Severity
from gradsafe_tracer.events import AnyPlace, Place

FILE = "models/block.py"
TEXT = """\
import torch

def forward(x, w, residual):
    h = torch.relu(x)
    b = h * w
    h += residual
    return b.sum() + h.sum()


loss = forward(x, w, r)

loss.backward()
"""
MESSAGE = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: "
    "[torch.FloatTensor [3]], which is output 0 of ReluBackward0, is at version 1; expected version 0 instead. "
    "Hint: enable anomaly detection to find the operation that failed to compute its gradient."
)


def place_of(piece: str, text: str = TEXT, file: str = FILE) -> Place:
    """Where ``piece`` first stands."""
    at = text.index(piece)
    row = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Place(file, row, column, row, column + len(piece))


FINDING = Finding(
    code="saved-tensor-modified",
    severity=Severity.ERROR,
    message="`h` is changed in place after `*` saved it for backward",
    primary=place_of("h += residual"),
    related=(
        Related(Role.SAVED, place_of("h * w"), "`*` keeps `h` to compute the gradient of `w`"),
        Related(Role.BACKWARD, place_of("loss.backward()"), "reads the saved `h` and raises"),
    ),
    remedies=("out-of-place",),
    runtime_message=MESSAGE,
)
FIXES = (
    Fix(
        "Replace `h += ...` by `h = h + ...`",
        "out-of-place",
        (Edit(place_of("+= residual"), "= h + residual"),),
        safe=True,
        preferred=True,
    ),
    Fix(
        "Ignore `saved-tensor-modified` here", "suppress", (Edit(place_of("h += residual"), "h"),), safe=True
    ),
)


def identity(place: AnyPlace) -> Place | None:
    return place if isinstance(place, Place) else None


def entry(finding: Finding = FINDING, fixes: tuple[Fix, ...] = FIXES) -> Entry:
    made = to_entry(finding, fixes, identity)
    assert made is not None
    return made
