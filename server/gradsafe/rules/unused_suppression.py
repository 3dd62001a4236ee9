"""The rule ``unused-suppression``: a comment that silences nothing. It speaks of comments, never of a failure."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import UNUSED, Finding
from gradsafe.rules.story import Story


class UnusedSuppression(Rule):
    """A `# gradsafe: ignore` comment silences nothing, or names a rule that there is not.

    ## What it does

    Marks `# gradsafe: ignore`, `# gradsafe: ignore[code]` and `# gradsafe: ignore-file[code]` where there is no finding that they silence; of
    several codes those that are not needed. A code that no rule has is marked with the one that was perhaps meant. `gradsafe fix` takes out
    what is marked and leaves the rest of the comment; it corrects a code where that silences a finding.

    It is a hint: the exit status of `gradsafe check` does not change. To let it fail the check, set `unused-suppression = "warning"` below
    `[tool.gradsafe.severity]`.

    Nothing is said where not everything was looked at: in a file with a syntax error, or in which the analysis reached a bound (`gradsafe check -v` tells
    which; long loops do not count), and nothing of a rule that was not asked for (`needless-copy` without `advice`). What another file's call shows to be wrong here is
    known only if that file is checked, too: check the whole project before you remove comments. `gradsafe fix` leaves those of a module alone that a file
    imports which it was not given.

    ## Why

    Whoever reads the comment believes that torch would raise there, and if the line ever becomes wrong, nobody is told. A misspelled code silences
    nothing at all.

    ## Example

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    z = y + 1  # gradsafe: ignore[saved-tensor-modified]
    z.sum().backward()
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    z = y + 1
    z.sum().backward()
    ```
    """

    code = UNUSED
    reasons = frozenset()
    is_of_comments = True

    def explain(self, story: Story) -> Finding | None:
        """No failure is behind it: ``report.unused`` words what is said."""
        return None
