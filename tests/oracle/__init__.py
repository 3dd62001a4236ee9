"""Real torch as the judge: runs programs, records what autograd did, says which lines are to blame.

A fixture is ordinary Python: each top-level function without arguments, or with ``bool`` flags alone, is a
scenario (``programs/`` are run as whole files; names that begin with ``_`` are helpers). Markers are trailing comments:

    y = x.exp()  # <label>
    y.add_(1)  # error: [saved-tensor-modified] (saved=label, fails=other)

``error`` and ``warning``: torch blames this line, so surely; the runs decide which of the two it is.
``gap``: torch blames it, gradsafe is silent so far. ``noise``: gradsafe blames it, torch does not.
``meant``: a gradient that differs on purpose. ``saved=here`` is the marked line itself; the first ``saved`` is the
save that backward finds broken first, further ones may follow; ``freed`` names the first of two backwards.

``python -m tests.oracle.report`` scores gradsafe; ``python -m tests.fuzz`` makes programs and does the same.
"""
