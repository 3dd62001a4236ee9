"""The VS Code extension with its Python packages inside: ``python -m tools.vsix``, or ``make vsix``."""
