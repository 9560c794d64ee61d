"""The samples of the vendor's page, letter for letter, in both directions."""

from __future__ import annotations

import json

import pytest

from tests.support.page_samples import (
    SENT_BY_THE_CLIENT,
    SENT_BY_THE_SERVER,
)
from tui.protocol.decoder import decode, decode_request
from tui.protocol.messages import (
    Depth,
    Level,
    Message,
    Request,
    ServedLevel,
    encode,
)


@pytest.mark.parametrize(("sample", "message"), SENT_BY_THE_SERVER.items(), ids=lambda value: type(value).__name__)
def test_each_sample_of_the_server_reads_as_the_page_explains_it(sample: str, message: Message) -> None:
    assert decode(sample.encode()) == (message,)


def served_as_on_the_page(depth: Depth) -> Depth:
    def side(levels: list[Level]) -> list[Level]:
        return [ServedLevel(level.price, level.volume, n, level.volume) for n, level in enumerate(levels, 1)]

    return Depth(symbol=depth.symbol, asks=side(depth.asks), bids=side(depth.bids))


@pytest.mark.parametrize(("sample", "message"), SENT_BY_THE_SERVER.items(), ids=lambda value: type(value).__name__)
def test_what_we_encode_as_a_server_is_the_sample(sample: str, message: Message) -> None:
    served = served_as_on_the_page(message) if isinstance(message, Depth) else message
    assert json.loads(encode(served)) == json.loads(sample)
    assert decode(encode(served)) == (message,)


@pytest.mark.parametrize(("sample", "request_"), SENT_BY_THE_CLIENT.items(), ids=lambda value: type(value).__name__)
def test_requests_are_the_page_s_samples_in_both_directions(sample: str, request_: Request) -> None:
    assert json.loads(encode(request_)) == json.loads(sample)
    assert decode_request(sample.encode()) == request_
