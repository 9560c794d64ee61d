"""An alert that fires in several windows is told once."""

from __future__ import annotations

from pathlib import Path

from tui.market.alert_engine import AlertEvent
from tui.market.alerts import Alert
from tui.notify.told_once import claim
from tui.symbol import Symbol

NOW = 1_796_049_067_412


def event(value: float = 520.0, time: int = NOW) -> AlertEvent:
    return AlertEvent(Alert(Symbol("QQQ", "US"), "above", value, 0.5), "words", "1.00", time)


def test_the_first_window_tells(tmp_path: Path) -> None:
    path = tmp_path / "state" / "alerts.json"
    assert claim([event()], path, 1) == [event()]
    assert claim([event(time=NOW + 400), event(530.0)], path, 2) == [event(530.0)]
    assert claim([event(530.0)], path, 1) == []


def test_the_same_alert_is_told_each_time_it_fires(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    for time in (NOW, NOW + 3_000, NOW + 60_000):
        assert claim([event(time=time)], path, 1) == [event(time=time)]
        assert claim([event(time=time + 1)], path, 2) == []
    later = [event(time=NOW + 600_000)]
    assert claim(later, path, 2) == later, "the other does not follow it now"


def test_what_cannot_be_read_or_written_keeps_nobody_silent(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    path.write_text('{"QQQ$US above 520": "never"')
    assert claim([event()], path, 1) == [event()]
    (tmp_path / "file").write_text("")
    for pid in (1, 2):
        assert claim([event()], tmp_path / "file" / "alerts.json", pid) == [event()]
