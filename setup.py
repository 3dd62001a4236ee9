"""What ``pyproject.toml`` cannot say: the interpreter can be compiled.

    GRADSAFE_COMPILED=1 pip wheel --no-build-isolation --no-deps --wheel-dir dist .

makes a wheel in which the modules of ``COMPILED`` are C extensions, made by mypyc from the same sources; ``mypy`` and a C compiler
must be there. Without the variable the wheel is pure Python. Both find the same, the compiled one in two thirds of the time
(``docs/architecture.md``).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_ext import build_ext

COMPILED = ("syntax/span.py", "ir/**/*.py", "domain/**/*.py", "interp/**/*.py")
"""What runs a program: nine tenths of the time of a check."""

INTERPRETED = frozenset({"__init__.py", "prelude.py"})
"""``prelude.py``: ``project`` extends its class, and an interpreted class cannot extend a compiled one."""


def extensions() -> list[object]:
    """The C extensions, if they are wanted."""
    if not os.environ.get("GRADSAFE_COMPILED"):
        return []
    from mypyc.build import mypycify

    root = Path("server/gradsafe")
    found = {str(path) for pattern in COMPILED for path in root.glob(pattern) if path.name not in INTERPRETED}
    # -O2 compiles for twice as long (four minutes), -O3 had not ended after ten; 83 % of the time goes into CPython itself (perf).
    return list(mypycify(sorted(found), opt_level="1", debug_level="0", multi_file=True))


class AtOnce(build_ext):
    """Compiles as many files at once as there are processors. setuptools does so with several extensions; mypyc makes one, of a file for each module."""

    def build_extensions(self) -> None:
        one_after_the_other = self.compiler.compile

        def compile_at_once(sources: list[str], **options: Any) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                made = pool.map(lambda source: one_after_the_other([source], **options), sources)
                return [each for objects in made for each in objects]

        self.compiler.compile = compile_at_once
        super().build_extensions()


setup(ext_modules=extensions(), cmdclass={"build_ext": AtOnce})
