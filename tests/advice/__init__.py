"""Advice under torch: what may be written in place is, and the program must not notice."""
