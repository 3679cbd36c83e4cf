from simulacra.engine import limits, randomness


def test_streams_of_different_purposes_and_seeds_are_different() -> None:
    numbers = {
        float(randomness.stream(seed, *purpose).random())
        for seed in (0, 1, limits.MAX_SEED)
        for purpose in (("rows", "a"), ("rows", "b"), ("rowsa",), ("rows a",))
    }
    assert len(numbers) == 12
    assert randomness.stream(5, "x").random() == randomness.stream(5, "x").random()


def test_a_new_seed_is_short_and_another_one_each_time() -> None:
    """Two of ten numbers below 2**31 are the same once in 48 million runs."""
    seeds = [randomness.new_seed() for _ in range(10)]
    assert all(0 <= seed < limits.DRAWN_SEEDS for seed in seeds)
    assert len(set(seeds)) == 10
