"""Programs that measure: `python -m bench.whole_path`, `bench.stages`, `bench.footprint` (README.md)."""
