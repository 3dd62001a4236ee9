"""Findings to text, JSON, SARIF and GitHub annotations. Prints what it is given and decides nothing."""
