from __future__ import annotations

from tui.market.health import Health


def test_the_rates_are_messages_and_bytes_a_second_over_the_last_samples() -> None:
    health = Health()
    assert health.rates == (0, 0)
    health.sample(10.0)
    health.messages, health.bytes = 200, 6_000
    health.sample(11.0)
    assert health.rates == (200, 6_000)
    health.messages = 300
    health.sample(12.0)
    assert health.rates == (150, 3_000)


def test_the_rates_forget_what_is_long_over() -> None:
    health = Health()
    health.messages = 1_000
    for second in range(10):
        health.sample(float(second))
    assert health.rates == (0, 0)


def test_two_samples_at_one_moment_divide_by_nothing() -> None:
    health = Health()
    health.sample(1.0)
    health.sample(1.0)
    assert health.rates == (0, 0)


def test_the_last_malformed_frame_is_stored_escaped_and_bounded() -> None:
    health = Health()
    health.count_malformed("not JSON", b"\x1b]0;owned\x07\xff" + b"x" * 10_000, 5.0)
    kept = health.last_malformed
    assert kept is not None and kept.kind == "not JSON" and kept.at == 5.0
    assert kept.text.startswith(r"\x1b]0;owned\x07\xff")
    assert kept.text.isascii() and kept.text.isprintable() and len(kept.text) < 700
    assert health.report()["malformed"] == {"not JSON": 1}
