"""Generates the op table out of torch's declarations and of probes of the running torch. Never shipped."""
