from __future__ import annotations

import threading
from pathlib import Path

from msgspec.structs import replace

from tui.config.file import ConfigFile
from tui.config.saver import SettingsSaver
from tui.config.settings import Lists, Settings
from tui.market.alerts import Alert
from tui.symbol import Symbol

A, B, C = (Symbol(letter, "US") for letter in "ABC")


class SaverCalls:
    def __init__(self) -> None:
        self.lists: list[tuple[Lists, Lists]] = []
        self.alerts: list[tuple[Alert, ...]] = []
        self.troubles: list[str] = []
        self.saves_after_trouble = 0

    def saver(self, file: ConfigFile, initial: Settings) -> SettingsSaver:
        def merged(sent: Settings, found: Settings) -> None:
            self.lists.append((sent.lists, found.lists))
            self.alerts.append(found.alerts)

        def saved() -> None:
            self.saves_after_trouble += 1

        return SettingsSaver(file, initial, merged, self.troubles.append, saved)


async def test_only_what_changed_since_the_start_is_written(tmp_path: Path) -> None:
    file = ConfigFile(tmp_path / "config.toml")
    saver = SaverCalls().saver(file, Settings(theme="from the command line"))
    saver.save(Settings(theme="from the command line", lists={"Core": (A,)}))
    await saver.finish(5.0)
    assert file.path.read_text() == '[lists]\nCore = ["A$US"]\n'


async def test_the_newest_of_many_changes_is_written(tmp_path: Path) -> None:
    file, calls = ConfigFile(tmp_path / "config.toml"), SaverCalls()
    saver = calls.saver(file, Settings())
    for n in range(50):
        saver.save(Settings(theme=f"t{n}"))
    await saver.finish(5.0)
    assert file.read().theme == "t49"
    assert calls.lists == []


async def test_what_another_copy_wrote_is_heard_and_stays(tmp_path: Path) -> None:
    file, calls = ConfigFile(tmp_path / "config.toml"), SaverCalls()
    start = Settings(lists={"Core": (A,)})
    saver = calls.saver(file, start)
    ConfigFile(file.path).save(Settings(), Settings(lists={"Core": (A, B)}, theme="theirs"))
    saver.save(replace(start, sort="last"))
    await saver.finish(5.0)
    assert calls.lists == [({"Core": (A,)}, {"Core": (A, B)})]
    saver.save(replace(start, sort="last", lists={"Core": (A, B, C)}))
    await saver.finish(5.0)
    assert file.read() == Settings(theme="theirs", sort="last", lists={"Core": (A, B, C)})


async def test_an_alert_that_another_copy_made_is_heard_and_stays(tmp_path: Path) -> None:
    file, calls = ConfigFile(tmp_path / "config.toml"), SaverCalls()
    ours, theirs = Alert(A, "above", 1.0), Alert(B, "below", 2.0)
    saver = calls.saver(file, Settings(alerts=(ours,)))
    ConfigFile(file.path).save(Settings(), Settings(alerts=(ours, theirs)))
    done = ours._replace(state="done")
    saver.save(Settings(alerts=(done,)))
    await saver.finish(5.0)
    assert calls.alerts == [(done, theirs)]
    assert file.read().alerts == (done, theirs)


async def test_a_change_made_while_another_is_written_does_not_undo_what_others_wrote(tmp_path: Path) -> None:
    file, calls = ConfigFile(tmp_path / "config.toml"), SaverCalls()
    start = Settings(lists={"Core": (A,)})
    saver = calls.saver(file, start)
    ConfigFile(file.path).save(Settings(), Settings(lists={"Core": (A, B)}))

    saving = file.save

    def save(base: Settings, ours: Settings) -> Settings:
        found = saving(base, ours)
        saver._newest = Settings(lists={"Core": (A, C)})  # the person adds C before the write is over
        file.save = saving  # type: ignore[method-assign]
        return found

    file.save = save  # type: ignore[method-assign]
    saver.save(replace(start, sort="last"))
    await saver.finish(5.0)
    assert set(file.read().lists["Core"]) == {A, B, C}


async def test_what_cannot_be_written_is_told_once_and_tried_again(tmp_path: Path) -> None:
    file, calls = ConfigFile(tmp_path / "folder" / "config.toml"), SaverCalls()
    (tmp_path / "folder").write_text("in the way")
    saver = calls.saver(file, Settings())
    for theme in ("a", "b"):
        saver.save(Settings(theme=theme))
        await saver.finish(5.0)
    assert calls.troubles == [f"cannot write {file.path}: not a directory"]
    assert saver.trouble == calls.troubles[0]
    assert calls.saves_after_trouble == 0
    (tmp_path / "folder").unlink()
    await saver.finish(5.0)
    assert (saver.trouble, calls.saves_after_trouble) == ("", 1)
    assert file.read().theme == "b"


async def test_a_disk_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    file, on = ConfigFile(tmp_path / "config.toml"), threading.Event()

    def save(base: Settings, ours: Settings) -> Settings:
        on.wait()
        return ours

    file.save = save  # type: ignore[method-assign]
    saver = SaverCalls().saver(file, Settings())
    saver.save(Settings(theme="amber"))
    await saver.finish(0.1)
    assert saver.trouble == f"cannot write {file.path}: the disk does not answer"
    assert all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())
    on.set()
