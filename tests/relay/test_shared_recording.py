"""What the windows of one connection record: each its own, and a replay rebuilds what it showed."""

from __future__ import annotations

import gzip
import time
from contextlib import ExitStack
from pathlib import Path

from tests.relay.windows import Window
from tests.support.feed import IEF, QQQ, SPY
from tests.support.recordings import play_all, state_of
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.state import LinkPhase
from tui.recording.writer import Recorder
from tui.symbol import Symbol


async def test_each_window_records_its_own_symbols_and_the_recordings_replay(tmp_path: Path) -> None:
    paths = [tmp_path / "holder.jsonl.gz", tmp_path / "joined.jsonl.gz"]
    with ExitStack() as stack:
        recorders = [stack.enter_context(Recorder(path)) for path in paths]

        def window(recorder: Recorder, *symbols: Symbol) -> Window:
            made = Window(exchange.url, tmp_path, *symbols, everything=True, on_state=recorder.record_state)
            recorder.begin(made.market, symbols, "127.0.0.1", monotonic, time.time)
            return made

        async with Exchange(rate=1_500, single_connection=True) as exchange:
            holder, joined = window(recorders[0], QQQ, SPY), window(recorders[1], QQQ, IEF)
            async with holder:
                await holder.running.reaches(LinkPhase.LIVE)
                async with joined:
                    await joined.running.reaches(LinkPhase.LIVE)
                    for market in (holder.market, joined.market):
                        await until(lambda market=market: all(i.tape.total > 20 for i in market.instruments.values()))  # type: ignore[misc]
                    await exchange.close_market()
                    first, second = holder.market, joined.market
                    await until(lambda: first.instruments[QQQ].tick == second.instruments[QQQ].tick)
    assert joined.link.state.is_joined
    for made, path in zip((holder, joined), paths, strict=True):
        replayed, recording = play_all(path)
        assert (recording.damaged, recording.truncated) == (0, False)
        assert state_of(replayed) == state_of(made.market)
    assert b"IEF" not in gzip.decompress(paths[0].read_bytes())
    assert b"IEF" in gzip.decompress(paths[1].read_bytes())
