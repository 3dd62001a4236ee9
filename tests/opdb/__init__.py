"""Torch's operator database as programs: each call written as source text, judged by torch and by gradsafe."""
