"""The rule ``data-bypasses-autograd``: a value changes and autograd does not see it."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Related, Role, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import backward, named, saved
from gradsafe_tracer.events import Raise, WrongGradient

_CAUSES = {
    "data-write": "writes {what} through `.data`, which moves no version counter",
    "data-swap": "puts the result of a differentiable computation into {what} and drops its graph",
    "detached-write": "changes {what} through `.detach()`, and autograd keeps the history of the old value",
    "no-grad-write": "changes {what} under `no_grad`, and autograd keeps the history of the old value",
    "numpy-write": "writes the memory that {what} shares with NumPy, which moves no version counter",
    "shared-write": "writes {what}, whose memory other tensors share under a version counter of their own",
    "uncounted-write": "writes {what} element by element and moves no version counter",
    "statistics": "changes the running statistics {what} in training mode, after an evaluation pass saved them",
    "ctx-attribute": "changes {what}, which a custom Function kept as an attribute of `ctx`: no version check watches it",
    "recomputed": "changes {what} before a checkpointed region runs again in backward, with the new value",
    "hooked-write": "changes {what}, which saved-tensor hooks of the program keep by reference: hooks switch torch's version check off",
    "gradient-write": "writes the gradient of {what} where it lies, and other gradients lie there too (return a new one: `g * 2`)",
    "fused-step": "steps {what} with `fused=True`, which moves no version counter",
}
_OTHER_MEMORY = "gives {what} other memory, and what was saved of it is read there: no version counter moves"
_REMEDIES = {
    "data-write": ("data-to-detach-or-rebind", "out-of-place"),
    "data-swap": ("data-to-detach-or-rebind",),
    "detached-write": ("out-of-place", "clone-before-write"),
    "no-grad-write": ("mark-dirty", "out-of-place", "clone-before-write"),
    "shared-write": ("out-of-place", "clone-before-write"),
    "ctx-attribute": ("out-of-place", "clone-before-write"),
    "recomputed": ("out-of-place", "clone-before-write"),
    "hooked-write": ("out-of-place", "clone-before-write"),
}


class DataBypassesAutograd(Rule):
    """A value that a gradient depends on is changed where autograd cannot see it: no error, and a wrong gradient.

    ## What it does

    Marks writes through `.data`, `x.data = ...` that drops a graph, writes through a NumPy array that shares the
    memory, fused optimizer steps between forward and backward, and writes under `no_grad` whose derivative is not the
    identity, where a backward then uses the changed value. Adding a constant under `no_grad`, plain parameter updates and the
    straight-through idiom (`y.data = y.data.round()`) stay unmarked. A traced run also marks hooks and custom Functions that
    write the gradient they are given while others have yet to read it: both sides of an addition get the same memory.

    A tensor that a custom Function keeps as `ctx.x = x` is read in backward as it is then. `ctx.save_for_backward(x)` makes torch
    raise instead of being silently wrong; `ctx.save_for_backward(x.clone())` makes the gradient right.

    ## Why

    Autograd trusts the version counter. `.data` has a counter of its own, so the check that would raise stays silent
    and backward computes with the changed numbers. Under `no_grad` the counter moves, but the history stays that of
    the old value: a factor that is multiplied in is missing from the gradient.

    ## Example

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.clone()
    y.data.mul_(2)
    y.sum().backward()
    assert torch.equal(x.grad, torch.ones(3))  # silently wrong: the factor 2 is missing
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.clone()
    y = y * 2
    y.sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 2.0))
    ```

    ## Myth

    "`.data` is the way to change a tensor without upsetting autograd." It upsets autograd all the same, and says nothing.
    """

    code = "data-bypasses-autograd"
    reasons = frozenset(_CAUSES)
    silent = True

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        cause = _CAUSES.get(event.reason)
        if cause is None:
            return None
        related = [saved(story.save)] if story.save is not None else []
        kept_at = event.kept_at if isinstance(event, WrongGradient) else None
        if kept_at is not None:
            related.append(
                Related(Role.SAVED, kept_at, "kept here for backward, and no version check watches it")
            )
        if story.backward is not None and story.backward.operation != "return":
            related.append(backward(story.backward, "backward uses the changed value here, and says nothing"))
        if event.reason == "data-swap" and story.save is not None:
            cause = _OTHER_MEMORY
        operation = f"`{event.operation}`" if event.operation else "this"
        return Finding(
            self.code,
            Severity.WARNING,
            f"{operation} {cause.format(what=named(event.name))}: {_outcome(event)}",
            event.place,
            tuple(related),
            (*_REMEDIES.get(event.reason, ()), *(("clone-on-context",) if kept_at is not None else ())),
            event.name,
            event.operation,
            event.place,
            story.save.place if story.save is not None else kept_at,
        )


def _outcome(event: Raise | WrongGradient) -> str:
    """What comes of it; after a real run with the worst element of the gradient, as computed and as it should be."""
    if not isinstance(event, WrongGradient) or event.computed is None or event.protected is None:
        return "the gradient will be silently wrong"
    return (
        f"the gradient is silently wrong: `{event.leaf}` has {event.computed:.6g} where {event.protected:.6g} is right "
        f"(relative difference {event.difference:.2g})"
    )
