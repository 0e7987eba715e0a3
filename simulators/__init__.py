"""Things a tester runs and the tests use: they speak the real protocols."""
