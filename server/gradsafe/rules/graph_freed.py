"""The rule ``graph-freed``: backward through a graph whose saved tensors are gone."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Related, Role, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import saved
from gradsafe_tracer.events import Raise


class GraphFreed(Rule):
    """Backward runs a second time through a graph whose saved tensors the first one freed.

    ## What it does

    Marks the second `backward()` (or `autograd.grad`), and names the first one and the operation whose saved tensors
    both need: a part of the graph that two losses share, a hidden state carried from one step to the next, a value
    that was computed once before the loop.

    ## Why

    `backward()` frees what the nodes saved as it goes, unless `retain_graph=True`. Reading it again raises:

    `Trying to backward through the graph a second time (or directly access saved tensors after they have already
    been freed).`

    ## Example

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    h = x.exp()
    h.sum().backward()
    (h * 2).sum().backward()
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    h = x.exp()
    (h.sum() + (h * 2).sum()).backward()
    ```

    ## Myth

    "`retain_graph=True` is the cure." For a hidden state that is carried through a training loop it only delays the
    error: the optimizer steps between, and the retained graph then fails the version check. `h = h.detach()` cuts the
    graph where the step ends.
    """

    code = "graph-freed"
    reasons = frozenset({"freed"})

    def explain(self, story: Story) -> Finding | None:
        event, start = story.event, story.backward
        if not isinstance(event, Raise) or start is None:
            return None
        first = story.first_backward()
        shared = story.save
        related = []
        if first is not None:
            related.append(Related(Role.FREED, first.place, "this backward freed the graph"))
        if shared is not None:
            related.append(saved(shared))
        return Finding(
            self.code,
            Severity.ERROR,
            _message(event, first is not None and first.place == start.place),
            start.place,
            tuple(related),
            (
                "detach",
                "detach-kept",
                "sum-losses",
                "sum-in-loop",
                "detach-at-use",
                "compute-each-round",
                "compute-in-forward",
                "retain-graph",
            ),
            start.name,
            start.operation,
            None,
            shared.place if shared is not None else None,
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed).",
        )


def _message(event: Raise, same_place: bool) -> str:
    again = "an earlier round of this backward" if same_place else "an earlier backward"
    return (
        f"backward runs through `{event.operation}` a second time, and {again} has freed what it saved: torch raises "
        "here"
    )
