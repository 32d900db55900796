"""Texts that may be stored and shown."""

from pipelines.wording import mask


def test_a_mask_shows_no_short_value():
    assert [mask(value) for value in ("?", "ten", "four", "1990-13-01")] == [
        "…(1)",
        "…(3)",
        "f…(4)",
        "1…(10)",
    ]
