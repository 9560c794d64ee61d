"""How an alert is written, and what is said of one that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import QQQ
from tui.errors import UsageError
from tui.market.alerts import CONDITION_EXAMPLES, Alert, parse_alert
from tui.symbol import Symbol

HK = Symbol("2800", "HK")


@pytest.mark.parametrize(
    ("text", "alert"),
    [
        ("QQQ$US > 520", Alert(QQQ, "above", 520)),
        ("qqq>520", Alert(QQQ, "above", 520)),
        ("QQQ above 1,520.5", Alert(QQQ, "above", 1520.5)),
        ("> 520", Alert(QQQ, "above", 520)),
        ("above520", Alert(QQQ, "above", 520)),
        ("2800 < 20.35", Alert(HK, "below", 20.35)),
        ("us:qqq under .5", Alert(QQQ, "below", 0.5)),
        ("±2%", Alert(QQQ, "change", 2)),
        ("QQQ$US ± 2 %", Alert(QQQ, "change", 2)),
        ("+-2%", Alert(QQQ, "change", 2)),
        ("+/-2.5%", Alert(QQQ, "change", 2.5)),
        ("2%", Alert(QQQ, "change", 2)),
        ("change > 2%", Alert(QQQ, "change", 2)),
        ("spread > 5bp", Alert(QQQ, "spread", 5)),
        ("spread 5 bps", Alert(QQQ, "spread", 5)),
        ("TURNOVER over 1B", Alert(QQQ, "turnover", 1e9)),
        ("turnover > $2.5m", Alert(QQQ, "turnover", 2.5e6)),
        ("2800$HK turnover>HK$900k", Alert(HK, "turnover", 9e5)),
        ("moves 1% in 5m", Alert(QQQ, "speed", 1, minutes=5)),
        ("QQQ$US moves ±0.5 % in 1 min repeat 0.2%", Alert(QQQ, "speed", 0.5, 0.2, minutes=1)),
        ("move > 1% in 60m off", Alert(QQQ, "speed", 1, None, "off", minutes=60)),
        ("relvol > 2", Alert(QQQ, "relvol", 2)),
        ("QQQ$US RELVOL 1.5x repeat 0.5", Alert(QQQ, "relvol", 1.5, 0.5)),
        ("premium > 30bp", Alert(QQQ, "premium", 30)),
        ("2800$HK discount over 12.5 bps repeat 5bp", Alert(HK, "discount", 12.5, 5)),
        ("> 520 repeat 0.5", Alert(QQQ, "above", 520, 0.5)),
        ("±2% repeat 0.5%", Alert(QQQ, "change", 2, 0.5)),
        ("spread > 5bp repeat 2 bp", Alert(QQQ, "spread", 5, 2)),
        ("turnover > 1B repeat", Alert(QQQ, "turnover", 1e9, 0)),
        ("> 520 off", Alert(QQQ, "above", 520, None, "off")),
        ("QQQ$US > 520 repeat 0.5 off", Alert(QQQ, "above", 520, 0.5, "off")),
        ("QQQ$US QQQ$US > 520", Alert(QQQ, "above", 520)),
        ("NASDAQ:QQQ > 520", Alert(QQQ, "above", 520)),
        ("ＱＱＱ＄ＵＳ ＞ 1，520。5", Alert(QQQ, "above", 1520.5)),
        ("±2％", Alert(QQQ, "change", 2)),
        ("hk02800 > 20", Alert(HK, "above", 20)),
        ("HK:02800>20", Alert(HK, "above", 20)),
        ("02800.HK turnover > 900k", Alert(HK, "turnover", 9e5)),
        ("QQQ$US < 480 done", Alert(QQQ, "below", 480, None, "done")),
        ("> 520 fired 2026-11-30T14:31:07Z done", Alert(QQQ, "above", 520, None, "done", 1_796_049_067)),
        ("> 520 repeat 0.5 fired 2026-11-30T14:31:07Z", Alert(QQQ, "above", 520, 0.5, "on", 1_796_049_067)),
    ],
)
def test_what_people_write(text: str, alert: Alert) -> None:
    assert parse_alert(text, QQQ) == alert
    assert parse_alert(str(alert)) == alert


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "when? Write for example"),
        ("QQQ$US", "when? Write for example > 520"),
        ("QQQ$US 520", "above it or below it?"),
        ("QQQ$US repeat 5", "when?"),
        ("> 2%", "a change counts either way"),
        ("QQQ -2%", "a change counts either way"),
        ("spread > 0.05", "told in basis points"),
        ("premium > 0.3%", "told in basis points"),
        ("discount 30", "told in basis points"),
        ("moves 1%", "within how many minutes"),
        ("moves 1% in 0m", "1 to 60 minutes"),
        ("moves 1% in 61m", "1 to 60 minutes"),
        ("moves 1% in 99999999999999999999999m", "1 to 60 minutes"),
        ("moves 1% in 5", "cannot be read"),
        ("relvol > 2%", "cannot be read"),
        ("relvol > 2 repeat 3", "can never be back"),
        ("> 0", "too small"),
        ("> 0.0000001", "too small"),
        ("turnover > 9999999t", "too large"),
        ("> nan", "cannot be read"),
        ("> 5e3", "cannot be read"),
        ("> 520 repeat", "repeat how?"),
        ("> 520 repeat x", "repeat how?"),
        ("> 520 repeat 0", "repeat how?"),
        ("> 520 repeat 520", "can never be back"),
        ("> 520 repeat 0.5%", "in the same unit"),
        ("turnover > 1B repeat 1M", "only with a new day"),
        ("?? > 5", "is not a symbol"),
        ("> 520 fired yesterday", "write the time as"),
        ("> 520 fired 0001-01-01T00:00:00Z", "write the time as"),
        ("> 520 sometimes", "cannot be read"),
        ("QQQ$US > 5\x1b[31m", "cannot be printed"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        parse_alert(text, QQQ)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("QQQ/SPY > 1.1", "QQQ$US/SPY$US > 1.1"),
        ("qqq / spy<1.05 repeat 0.01", "QQQ$US/SPY$US < 1.05 repeat 0.01"),
        ("SPY-VOO > -3", "SPY$US-VOO$US > -3"),
        ("SPY - VOO < −0.5 repeat 2", "SPY$US-VOO$US < -0.5 repeat 2"),
        ("SPY−VOO > 0 done", "SPY$US-VOO$US > 0 done"),
        ("QQQ/SPY ±2%", "QQQ$US/SPY$US ±2%"),
        ("QQQ$US/SPY$US QQQ / SPY > 1.1", "QQQ$US/SPY$US > 1.1"),
        ("SPY$US-VOO$US SPY-VOO < -3", "SPY$US-VOO$US < -3"),
        ("QQQ$US qqq > 520", "QQQ$US > 520"),
        ("QQQ/SPY moves 1% in 5m", "QQQ$US/SPY$US moves 1% in 5m"),
        ("BRK-B > 400", "BRK-B$US > 400"),
    ],
)
def test_alerts_of_pairs(text: str, written: str) -> None:
    alert = parse_alert(text)
    assert str(alert) == written and parse_alert(written) == alert


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("QQQ/SPY spread > 5bp", "a pair has no spread: write > 1.1, ±2% or moves 1% in 5m"),
        ("QQQ/SPY turnover > 1B", "a pair has no turnover"),
        ("SPY-VOO premium > 30bp", "a pair has no premium"),
        ("QQQ/SPY relvol > 2", "a pair has no relvol"),
        ("QQQ/SPY > -1", "too small"),
        ("SPY$US > -1", "too small"),
        ("BF/B > 1", "reads like a share class"),
    ],
)
def test_what_a_pair_has_not_is_said(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_alert(text)


def test_without_a_symbol_one_is_asked_for() -> None:
    with pytest.raises(UsageError, match="of which symbol"):
        parse_alert("> 520")


@pytest.mark.parametrize("written", [written for written, _ in CONDITION_EXAMPLES])
def test_every_way_that_is_shown_can_be_written(written: str) -> None:
    assert parse_alert(written, QQQ).condition == written


@given(st.text(max_size=40))
def test_any_text_is_an_alert_or_words(text: str) -> None:
    try:
        alert = parse_alert(text, QQQ)
    except UsageError as error:
        assert str(error)
    else:
        assert parse_alert(str(alert)) == alert


@given(
    st.sampled_from(["above", "below", "change", "spread", "turnover", "speed", "relvol", "premium", "discount"]),
    st.floats(0.000001, 1e9).map(lambda value: round(value, 6)),
    st.sampled_from(["on", "off", "done"]),
)
def test_what_is_written_reads_the_same(kind: str, value: float, state: str) -> None:
    for repeat in (None, 0.0 if kind == "turnover" else round(value / 2, 6) or None):
        alert = Alert(QQQ, kind, value, repeat, state, minutes=5 * (kind == "speed"))  # type: ignore[arg-type]
        assert parse_alert(str(alert)) == alert
