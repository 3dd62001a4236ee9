"""Proves at start that the tracer does not silence what it looks for."""

from __future__ import annotations

from typing import Optional

import torch


def silenced() -> Optional[str]:
    """What goes wrong when a known loud case runs under the tracer; None where it is as loud as without."""
    from ..watching.session import Session

    plain = _loud()
    session = Session()
    session.start()
    try:
        traced = _loud()
    finally:
        session.stop()
    if plain is None:
        return "this torch does not raise on a saved tensor that was modified"
    if traced is None:
        return "the tracer would silence torch's version check"
    if plain != traced:
        return f"the tracer would change torch's message to {traced!r}"
    return None


def _loud() -> Optional[str]:
    with torch.enable_grad():
        leaf = torch.zeros((), requires_grad=True)
        saved = leaf.exp()
        torch._foreach_mul_([saved.detach()], 2.0)
        try:
            torch.autograd.grad(saved, leaf)
        except RuntimeError as error:
            return str(error)
    return None
