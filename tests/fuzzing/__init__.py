"""Programs that nobody would write, and what must hold for all of them.

    python -m tests.fuzzing --count 10000 --seed 0 [FOLDER ...]

Each input follows from the seed and its number alone, so that one that fails can be made again: `--only NUMBER`.
"""
