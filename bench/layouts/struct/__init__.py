"""The layouts in Python for speed: struct, indices, no value that could be spared."""
