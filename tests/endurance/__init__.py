"""Long runs: ``python -m tests.endurance`` types 20,000 edits and compares each with a fresh analysis; small ones are tests."""
