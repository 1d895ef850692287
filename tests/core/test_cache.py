"""A cache that holds what it may, and no more than it can."""

from betamw.core.cache import Cache


def counting(keep=lambda _: True):
    """A cache, and the keys for which something was made."""
    made = []

    def make(key):
        made.append(key)
        return [key]

    return Cache(make, keep), made


def test_what_was_made_is_made_once():
    """The same key gives the same object."""
    cache, made = counting()
    assert (cache["a"] is cache["a"], ["a"]) == (True, made)


def test_what_may_not_be_kept_is_made_each_time():
    """And neither the key nor the value is in the cache."""
    cache, made = counting(keep=lambda key: key != "secret")
    assert ([["secret"], ["secret"], ["a"]], {"a": ["a"]}) == ([cache["secret"], cache["secret"], cache["a"]], cache)
    assert ["secret", "secret", "a"] == made


def test_a_full_cache_begins_anew():
    """It never holds more than 1024."""
    cache, _ = counting()
    sizes = [cache[number] and len(cache) for number in range(3000)]
    assert (1024, 1) == (max(sizes), sizes[1024])
