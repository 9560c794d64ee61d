"""The status bar, line by line at the widths people have."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.support.frozen_dashboard import START, US
from tui.config.themes import find_theme
from tui.errors import HolderLeft, KeyRefused, NoConnection, NotShared
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import AnotherClient
from tui.market import Market
from tui.protocol.messages import OVER_LIMIT
from tui.protocol.relay_status import RelayReport, Window
from tui.widgets.status_bar import StatusBar
from tui.widgets.styles import Styles

LIVE = LinkState(LinkPhase.LIVE, 0.0)
REASON = NoConnection("cannot reach api.itick.org: TLS certificate: unable to get local issuer certificate")
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, retry_at=24.0, error=REASON, was_live=True)
REFUSED = LinkState(
    LinkPhase.STOPPED, 0.0, error=KeyRefused("key refused by api.itick.org: check ITICK_TOKEN and so on")
)
TAKEN = LinkState(LinkPhase.RECONNECTING, 0.0, error=NotShared(12_345, "does not answer"))


def market() -> Market:
    made = Market()
    made.follow(US[:3])
    made.health.round_trips.append(0.038)
    made.health.pong_at = 16.0
    return made


def line(market: Market, link: LinkState, width: int, shared: RelayReport | None = None) -> str:
    styles = Styles(find_theme("midnight"))
    bar = StatusBar(styles, market)
    bar.set_reactive(StatusBar.now, 20.0)
    bar.set_reactive(StatusBar.symbols, 3)
    bar.set_reactive(StatusBar.shared, shared)
    text = "".join(segment.text for segment in bar._line(styles, link, width))
    assert cell_len(text) <= width
    return text


def test_the_first_connecting_is_no_warning() -> None:
    styles = Styles(find_theme("midnight"))
    lost = NoConnection("connection lost")
    for error, role in ((None, "text"), (lost, "warning")):
        link = LinkState(LinkPhase.CONNECTING, 0.0, "127.0.0.1:9010", error=error)
        dot, words, *_ = StatusBar(styles, market())._line(styles, link, 100)
        assert (dot.style, words.style) == (styles(role), styles(role, bold=True))


def test_a_live_link_with_its_figures() -> None:
    assert line(market(), LIVE, 158) == "● LIVE   ♥ 38 ms, 4s ago   0 msg/s   3 symbols   reconnects 0   malformed 0"
    assert line(market(), LIVE, 40) == "● LIVE   ♥ 38 ms, 4s ago   0 msg/s"


@pytest.mark.parametrize("width", [58, 78])
@pytest.mark.parametrize(("link", "deed"), [(LOST, "r tries now"), (REFUSED, "r tries now")])
def test_what_to_do_and_where_the_whole_reason_is_stand_whatever_the_room(
    link: LinkState, deed: str, width: int
) -> None:
    said = line(market(), link, width)
    assert said.endswith(f"…   {deed}   h why")
    assert len(said) == width


def test_a_reason_in_wide_letters_leaves_room_for_what_to_do() -> None:
    lost = LOST._replace(error=NoConnection("服务器维护中，请稍后再试，维护结束后自动恢复，给您带来不便"))
    said = line(market(), lost, 78)
    assert said.endswith("…   r tries now   h why")
    assert cell_len(said) in (77, 78), "a wide letter has room or has not"


def test_figures_leave_before_the_reason_is_cut() -> None:
    lost = LOST._replace(error=NoConnection("connection lost"))
    said = "◌ reconnecting in 4 s: connection lost   r tries now"
    assert line(market(), lost, 158) == f"{said}   3 symbols   reconnects 0   malformed 0"
    assert line(market(), lost, len(said)) == said
    assert line(market(), lost, len(said) - 1).endswith("…   r tries now   h why")
    assert line(market(), TAKEN, 78) == "◌ trying again: pid 12345 uses this key and does not answer   r tries now"


def test_the_reason_stays_while_the_link_is_made_again() -> None:
    again = LinkState(LinkPhase.CONNECTING, 0.0, "127.0.0.1:9010", error=NoConnection("connection lost"), was_live=True)
    assert line(market(), again, 60) == "◌ connecting 127.0.0.1:9010   connection lost   3 symbols"


def test_moving_to_another_window_is_told_once() -> None:
    moving = LinkState(LinkPhase.CONNECTING, 0.0, "api.itick.org", error=HolderLeft("it was closed"), was_live=True)
    assert line(market(), moving, 70) == "◌ moving to another window: it was closed   3 symbols   reconnects 0"
    refused = TAKEN._replace(phase=LinkPhase.CONNECTING)
    assert line(market(), refused, 158).count("uses this key") == 1


def test_what_the_key_does_is_told_of_who_uses_the_key_of_the_account() -> None:
    elsewhere = LinkState(LinkPhase.RECONNECTING, 0.0, error=AnotherClient())
    assert "r takes it over" in line(market(), elsewhere, 158)
    assert "r tries now" in line(market(), TAKEN, 158), "only the question takes over from a window here"


def test_the_key_tries_now_also_while_another_window_waits() -> None:
    words = "window 7: reconnecting: connection lost"
    waits = LinkState(LinkPhase.AUTHENTICATING, 0.0, words, retry_at=1e6, is_joined=True)
    shared = RelayReport(7, "RECONNECTING", words, windows=[Window(7, "dashboard"), Window(8, "dashboard")])
    assert "s)   r tries now" in line(market(), waits, 158, shared)
    assert "tries now" not in line(market(), waits._replace(retry_at=0.0), 158, shared)


def test_who_holds_the_places_of_the_plan_is_told_of_a_shared_connection() -> None:
    limited = market()
    limited.refuse(US[1:3], "quote", OVER_LIMIT)
    shared = RelayReport(7, "LIVE", "LIVE", held=2, holders=1, windows=[Window(7, "dashboard"), Window(8, "stream")])
    assert "plan limit: 1 of 3 symbols live; 2 are held by 1 other window" in line(limited, LIVE, 158, shared)
    assert "held" not in line(limited, LIVE, 158)


def test_explanations_go_before_figures_and_are_cut_only_where_they_must() -> None:
    limited = market()
    limited.refuse(US[:3], "depth", "please upgrade")
    limited.health.missed = 1
    limited.health.heartbeats_missed = 7
    troubles = "● LIVE   order books not in this plan   heartbeat missed 1"
    assert line(limited, LIVE, 158).startswith(f"{troubles}   ♥ 38 ms")
    assert line(limited, LIVE, 58) == troubles
    assert line(limited, LIVE, 57) == "● LIVE   order books not in this plan   h why"
    assert line(limited, LIVE, 38) == "● LIVE   order books not in t…   h why"


def test_a_feed_that_is_delayed_says_so_in_its_lag_too() -> None:
    late = market()
    late.clock.observe_date(START, START + 60, START - 400)
    late.clock.observe_frame(US[0], START - 900_000, START + 100)
    assert "lag 15m" in line(late, LIVE, 158)
    assert "lag" not in line(late, LOST, 300)


@pytest.mark.parametrize(("ahead", "words"), [(180_000, "clock 180 s behind"), (-180_000, "clock 180 s ahead of")])
def test_clocks_that_differ_say_which_way(ahead: int, words: str) -> None:
    off = market()
    off.clock.observe_date(START, START, START - 500 + ahead)
    assert f"{words} the exchange's" in line(off, LIVE, 158)


def test_data_of_another_clock_than_the_exchange_s_own_are_told_as_that() -> None:
    made = market()
    made.set_clock(START - 20_000.0)
    made.observe_date(19.0, 19.02, START - 1_000)
    for n in range(8):
        assert made.clock.accepts_ahead(START + 3_600_000 + 500 * n, START + 500.0 * n) is (n == 7)
    assert "data dated 3,599 s ahead of the exchange's clock" in line(made, LIVE, 158)
    assert "clock 3" not in line(made, LIVE, 158), "this machine's is right"


def test_without_a_date_it_is_the_two_clocks_that_differ() -> None:
    made = market()
    made.set_clock(START - 20_000.0)
    for n in range(8):
        made.clock.accepts_ahead(START + 3_600_000 + 500 * n, START + 500.0 * n)
    assert "clock 3600 s behind the exchange's" in line(made, LIVE, 158)
