"""A seeded differential fuzzer: programs written the way people write PyTorch, judged by torch, predicted by gradsafe."""
