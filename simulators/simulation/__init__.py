"""The agent's loops on a clock that jumps, in a world that a seed has made up: `run.run(seed)` gives a verdict.

Everything is real but the edges: the disk is SQLite in memory, radio and platforms are coroutines, time is the loop's.
Whatever is drawn is drawn from the seed, so that the same seed is the same story, step by step.

    python -m simulators.simulation --seed 7        one story, told in full
    python -m simulators.simulation --seeds 10000   the long form
"""
