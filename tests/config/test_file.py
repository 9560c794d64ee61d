from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tui.config.file import ConfigFile
from tui.config.settings import COMMAND_SETTINGS, Settings, parse_settings
from tui.errors import UsageError
from tui.market.alerts import Alert
from tui.symbol import Symbol

A, B, C, D = (Symbol(letter, "US") for letter in "ABCD")

WRITTEN = """\
# My funds.
theme = "amber"   # warm

[lists]
Core = ["A$US", "B$US"]  # the core
China = [
  "510300$SH",  # CSI 300
  "2800",
]

# Hands off.
[keys]
add = "n"
"""


def edit(text: str, after: Settings, folder: Path) -> str:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    ConfigFile(path).save(parse_settings(text, "config.toml"), after)
    return path.read_text(encoding="utf-8")


def changed(text: str, **what: object) -> Settings:
    settings = parse_settings(text, "config.toml")
    return Settings(**{field: getattr(settings, field) for field in Settings.__struct_fields__} | what)


def test_comments_and_layout_stay(tmp_path: Path) -> None:
    lists = parse_settings(WRITTEN, "").lists
    after = changed(WRITTEN, theme="harbor", lists={"Core": (A, C), "China": (*lists["China"], D), "New": (B,)})
    assert edit(WRITTEN, after, tmp_path) == WRITTEN.replace('"amber"', '"harbor"').replace(
        '"A$US", "B$US"', '"A$US", "C$US"'
    ).replace('  "2800",\n]\n', '  "2800",\n  "D$US",\n]\nNew = ["B$US"]\n')


def test_a_list_in_another_order_and_under_another_name(tmp_path: Path) -> None:
    after = changed(WRITTEN, lists={"China": (Symbol("2800", "HK"), Symbol("510300", "SH")), "Kern": (B, A)})
    text = edit(WRITTEN, after, tmp_path)
    assert parse_settings(text, "") == after
    assert list(parse_settings(text, "").lists) == ["China", "Kern"]
    assert "# My funds." in text
    assert "# Hands off." in text


def test_an_alert_that_is_done_keeps_its_place_and_its_comment(tmp_path: Path) -> None:
    written = (
        'theme = "amber"\nalerts = [\n  "QQQ>520", # sell half\n  "spy ±2%",\n  "TLT < 85",\n]\n\n[lists]\nCore = []\n'
    )
    done, kept, _ = parse_settings(written, "").alerts
    new = Alert(D, "spread", 5.0, 2.0)
    after = changed(written, alerts=(done._replace(state="done"), kept, new))
    assert edit(written, after, tmp_path) == written.replace('"QQQ>520"', '"QQQ$US > 520 done"').replace(
        '"TLT < 85"', '"D$US spread > 5bp repeat 2bp"'
    )


def test_a_list_with_one_fund_twice_can_still_be_changed(tmp_path: Path) -> None:
    written = '[lists]\nMine = [\n  "02800$HK", # the tracker\n  "2800$HK",\n]\n'
    tracker = Symbol("2800", "HK")
    assert parse_settings(written, "").lists == {"Mine": (tracker,)}
    text = edit(written, changed(written, lists={"Mine": (tracker, A)}), tmp_path)
    assert parse_settings(text, "").lists == {"Mine": (tracker, A)}
    assert text.count("2800") == 1


def test_the_first_alert_goes_before_the_tables(tmp_path: Path) -> None:
    text = edit(WRITTEN, changed(WRITTEN, alerts=(Alert(A, "above", 5.0),)), tmp_path)
    assert [alert.value for alert in parse_settings(text, "").alerts] == [5.0]
    assert text.index('    "A$US > 5",\n') < text.index("[lists]")


@pytest.mark.parametrize(
    "text",
    [
        'lists = {Core = ["A$US"], China = ["2800"]}\n',
        'lists.Core = ["A$US"]\nlists.China = ["2800"]\ntheme = "amber"\n',
        "[lists]\n",
        "[lists]\n\n# Hands off.\n\n[keys]\n",
        'theme = "amber"\n\n\n# end',
        '[lists]\n\'Core\' = [\n"A$US", # one\n]\n"China" = []',
    ],
)
def test_any_layout_is_edited_or_refused(text: str, tmp_path: Path) -> None:
    before = parse_settings(text, "")
    for lists in (
        {**before.lists, "New": (D,)},
        {"New": (D,), **before.lists},
        {"Core": (*before.lists.get("Core", ()), C)},
        {"China": (), "Core": (B,)},
        {},
    ):
        after = changed(text, lists=lists, sort="last")
        result = parse_settings(edit(text, after, tmp_path), "")
        assert result == after
        assert list(result.lists) == list(lists)


def test_a_file_comes_into_being_with_the_first_change(tmp_path: Path) -> None:
    file = ConfigFile(tmp_path / "new" / "config.toml")
    assert file.read() == Settings()
    file.save(Settings(), Settings())
    assert not file.path.exists()
    after = Settings(theme="amber", lists={"Core": (A,)}, sort="-change%", columns=("symbol", "last"))
    assert file.save(Settings(), after) == after
    assert file.read() == after
    assert [path.name for path in file.path.parent.iterdir()] == ["config.toml"]


def test_an_edit_made_meanwhile_by_hand_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    file = ConfigFile(path)
    base = file.read()
    path.write_text(WRITTEN.replace('"B$US"]', '"B$US", "D$US"]').replace("amber", "daylight"), encoding="utf-8")
    merged = file.save(base, changed(WRITTEN, lists={**base.lists, "Core": (A, B, C)}))
    assert merged.lists["Core"] == (A, B, D, C) or merged.lists["Core"] == (A, B, C, D)
    assert merged.theme == "daylight"
    assert file.read() == merged


def test_a_file_broken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("theme = ", encoding="utf-8")
    with pytest.raises(UsageError, match="line 1"):
        ConfigFile(path).save(Settings(), Settings(theme="amber"))
    assert path.read_text(encoding="utf-8") == "theme = "


def test_a_file_taken_away_meanwhile_comes_back_with_every_list_and_alert(tmp_path: Path) -> None:
    written = f'alerts = ["QQQ > 520"]\n{WRITTEN}'
    base = parse_settings(written, "")
    file = ConfigFile(tmp_path / "config.toml")
    file.save(base, changed(written, lists={**base.lists, "New": (D,)}))
    assert list(file.read().lists) == ["Core", "China", "New"]
    assert file.read().alerts == base.alerts


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "itick.toml"
    real.parent.mkdir()
    real.write_text(WRITTEN, encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    ConfigFile(link).save(parse_settings(WRITTEN, ""), changed(WRITTEN, theme="harbor"))
    assert link.is_symlink()
    assert "harbor" in real.read_text(encoding="utf-8")
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN, encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write .*config.toml: no space left on device"):
        ConfigFile(path).save(parse_settings(WRITTEN, ""), changed(WRITTEN, theme="harbor"))
    assert path.read_text(encoding="utf-8") == WRITTEN
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.toml"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        ConfigFile(tmp_path).read()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not a text file"):
        ConfigFile(tmp_path / "binary.toml").read()


SAVING = """
import sys
from itertools import count
from pathlib import Path
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.symbol import Symbol

file = ConfigFile(Path(sys.argv[1]))
settings = file.read()
print("ready", flush=True)
for n in count():
    lists = {**settings.lists, sys.argv[2]: tuple(Symbol(f"S{k}", "US") for k in range(n % 50))}
    settings = file.save(settings, Settings(lists=lists, theme=f"t{n}"))
"""


def test_killed_at_any_moment_it_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    chance = random.Random(3)
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", SAVING, str(path), "Mine"], stdout=subprocess.PIPE) as saving:
            assert saving.stdout is not None
            saving.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.15))
            saving.send_signal(signal.SIGKILL)
        text = path.read_text(encoding="utf-8")
        assert list(parse_settings(text, "").lists)[:2] == ["Core", "China"]
        assert "# Hands off." in text
    assert "Mine" in parse_settings(path.read_text(encoding="utf-8"), "").lists
    assert {entry.name for entry in tmp_path.iterdir()} <= {"config.toml", ".config.toml.new"}


def test_two_copies_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    patience = "import tui.config.file; tui.config.file._LOCK_TIMEOUT = 20\n"  # each takes the lock at once again
    script = patience + SAVING.replace("count():", "range(40):")
    copies = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in ("One", "Two")]
    assert [copy.wait(30) for copy in copies] == [0, 0]
    assert {name: len(symbols) for name, symbols in ConfigFile(path).read().lists.items()} == {"One": 39, "Two": 39}


COMMANDS = 'theme = "amber"\ntoken_command = ["pass"]\nalert_command = ["say"]\niopv_command = ["nav"]\n'


def test_commands_that_others_could_have_written_are_refused_and_stay_in_the_file(tmp_path: Path) -> None:
    file = ConfigFile(tmp_path / "config.toml")
    file.path.write_text(COMMANDS)
    settings = file.read()
    assert [getattr(settings, name) for name in COMMAND_SETTINGS] == [("pass",), ("say",), ("nav",)]
    assert file.command_warning == ""
    file.path.chmod(0o622)
    refused = file.read()
    assert refused == Settings(theme="amber")
    words = f"others can write {file.path}: chmod go-w {file.path}"
    assert file.command_warning == f"token_command and alert_command and iopv_command will not be run: {words}"
    file.save(refused, Settings(theme="harbor"))
    assert file.path.read_text() == COMMANDS.replace("amber", "harbor")
    file.path.chmod(0o600)
    assert file.read().token_command == ("pass",) and file.command_warning == ""


def test_without_commands_nothing_is_refused(tmp_path: Path) -> None:
    file = ConfigFile(tmp_path / "config.toml")
    assert file.read() == Settings() and file.command_warning == ""
    file.path.write_text('theme = "amber"')
    file.path.chmod(0o666)
    assert file.read() == Settings(theme="amber") and file.command_warning == ""


@pytest.mark.parametrize("left", ["", "\n", "\ufeff"])
def test_a_file_emptied_meanwhile_comes_back_with_every_list_and_alert(tmp_path: Path, left: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text('alerts = ["QQQ$US > 520"]\n[lists]\nA = ["QQQ$US"]\nB = ["SPY$US"]\n')
    file = ConfigFile(path)
    before = file.read()
    path.write_text(left)  # an editor that empties it first, or a disk that was full
    saved = file.save(before, msgspec.structs.replace(before, candles=True))
    assert (list(saved.lists), len(saved.alerts), saved.candles) == (["A", "B"], 1, True)
    assert file.read() == saved


@pytest.mark.parametrize("what", ["the file", "its folder"])
def test_a_link_to_itself_is_said(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "of-ours"
    file = ConfigFile(folder / "config.toml")
    if what == "the file":
        folder.mkdir()
        file.path.symlink_to(file.path)
    else:
        folder.symlink_to(folder)
    with pytest.raises(UsageError, match=r"cannot (read|write) .*config.toml: (too many levels|not a directory)"):
        file.save(Settings(), Settings(candles=True))
    assert file.permission_warning().startswith("cannot tell who may write")


def test_layouts_are_added_replaced_and_removed_and_comments_stay(tmp_path: Path) -> None:
    text = '[layouts]\n# Mornings.\nOpen = ["ladder", "tape"]  # fast\nOld = ["chart"]\n\n[keys]\nadd = "n"\n'
    after = changed(text, layouts={"Open": ("ladder", "2x2"), "New": ("chart", "nothing")})
    edited = edit(text, after, tmp_path)
    assert edited.startswith('[layouts]\n# Mornings.\nOpen = ["ladder", "2x2"]')
    assert 'New = ["chart", "nothing"]' in edited and "Old" not in edited and edited.endswith('[keys]\nadd = "n"\n')
    for first in ("", 'layouts.Open = ["ladder"]\n', 'layouts = {Open = ["ladder"]}\n', WRITTEN):
        assert parse_settings(edit(first, changed(first, layouts=after.layouts), tmp_path), "").layouts == after.layouts


def test_a_layout_that_another_copy_saved_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for layouts in ({"A": ("ladder", "auto")}, {"B": ("chart", "auto")}):
        ConfigFile(path).save(Settings(), Settings(layouts=layouts))  # type: ignore[arg-type]
    assert set(ConfigFile(path).read().layouts) == {"A", "B"}


def test_a_file_that_was_deleted_meanwhile_deletes_no_layout(tmp_path: Path) -> None:
    base = Settings(layouts={"A": ("ladder", "auto")})
    assert ConfigFile(tmp_path / "config.toml").save(
        base, changed("", theme="amber", layouts=base.layouts)
    ) == Settings(theme="amber", layouts=base.layouts)
