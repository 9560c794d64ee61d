"""Files: small and regular ones are read, new ones are their owner's alone and whole, and no lock is waited for for
ever."""

from __future__ import annotations

import codecs
import errno
import grp
import importlib
import os
import pwd
import resource
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.command import run_in_process, run_program
from tests.support.lock_holder import holding
from tests.support.resource_limits import lower_limit
from tui.app.export import Export
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.config.themes import load_theme
from tui.crash import write_report
from tui.errors import UsageError
from tui.files import MAX_FILE_SIZE, create, locked, make_folder, read_small, replace, write_exposure
from tui.history.store import Store
from tui.recording.writer import Recorder
from tui.secrets import read_file


@contextmanager
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- what is read ---


@pytest.fixture(params=["pipe", "socket", "device", "large"])
def unfit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "file"
    match request.param:
        case "pipe":
            os.mkfifo(path)
            yield path
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                yield path
        case "device":
            yield Path("/dev/zero")
        case _:
            with path.open("wb") as file:
                file.truncate(MAX_FILE_SIZE + 1)
            yield path


WORDS = r"it is not a regular file|it is larger than 8 MB"


def test_only_a_small_regular_file_is_read(unfit: Path) -> None:
    with pytest.raises(OSError, match=WORDS):
        read_small(unfit)
    with pytest.raises(UsageError, match=f"cannot read {unfit}: ({WORDS})"):
        ConfigFile(unfit).read()
    with pytest.raises(UsageError, match=f"cannot read theme {unfit}: ({WORDS})"):
        load_theme(unfit)
    if not unfit.is_fifo():  # as in `--token-file <(pass itick)`
        with pytest.raises(UsageError, match=f"cannot read the key from {unfit}: ({WORDS})"):
            read_file(unfit)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(MAX_FILE_SIZE))
    assert len(read_small(tmp_path / "file")) == MAX_FILE_SIZE


def test_a_pipe_for_the_log_or_the_recording_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for option, words in (("--log", "it is not a regular file"), ("--record", "is there already")):
        result = run_program("stream", "--demo", "--count", "1", option, str(tmp_path / "pipe"))
        assert result.returncode == 2 and words in result.stderr


# --- what is made ---


def test_what_is_made_is_its_owner_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "made" / variable))
    with open_to_all():
        assert run_in_process("config", "init").returncode == 0
        ConfigFile(tmp_path / "made" / "saved" / "config.toml").save(Settings(), Settings(theme="amber"))
        Export(tmp_path / "made" / "export", "grid", "csv", "a,b\n", datetime(2026, 11, 20)).write()
        store = Store(tmp_path / "made" / "cache" / "itick.sqlite")
        store.save_fund_names("US", {"QQQ": "Invesco QQQ"})
        write_report(ValueError())
        with Recorder(tmp_path / "made" / "recording.gz") as recorder:
            assert mode(recorder.path) == 0o600
    made = {path.name: oct(mode(path)) for path in (tmp_path / "made").rglob("*")}
    assert {"config.toml", "itick.sqlite", "itick.sqlite-wal", "itick.sqlite.lock", "itick-tui"} <= set(made)
    assert set(made.values()) == {"0o700", "0o600"}, made
    store.close()


def test_folders_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o755)
    make_folder(tmp_path / "there" / "new")
    assert (mode(tmp_path / "there"), mode(tmp_path / "there" / "new")) == (0o755, 0o700)


def test_a_full_disk_leaves_no_part_of_an_export_and_no_part_of_a_config(tmp_path: Path) -> None:
    with (
        lower_limit(resource.RLIMIT_FSIZE, 1000),
        pytest.raises(UsageError, match=f"cannot write into {tmp_path}: file too large"),
    ):
        Export(tmp_path, "screen", "svg", "x" * 5000, datetime(2026, 11, 20)).write()
    assert list(tmp_path.iterdir()) == []
    file = ConfigFile(tmp_path / "config.toml")
    file.save(Settings(), Settings(theme="amber"))
    long = Settings(theme="amber", alert_command=("x" * 5000,))
    with (
        lower_limit(resource.RLIMIT_FSIZE, 1000),
        pytest.raises(UsageError, match=f"cannot write {file.path}: file too large"),
    ):
        file.save(Settings(theme="amber"), long)
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
    assert file.read() == Settings(theme="amber")
    with lower_limit(resource.RLIMIT_FSIZE, 100):
        assert run_in_process("config", "--config", str(tmp_path / "new.toml"), "init").returncode == 2
    assert not (tmp_path / "new.toml").exists()


def test_what_is_in_the_way_of_a_new_file_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("untouched")
    os.mkfifo(tmp_path / ".a.new")
    (tmp_path / ".b.new").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "a", tmp_path / "b"):
        create(path, "text")
        assert path.read_text() == "text"
    assert (tmp_path / "elsewhere").read_text() == "untouched"


@pytest.mark.parametrize("there", [0o600, 0o640, 0o444])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, there: int) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(there)
    replace(tmp_path / "file", "text")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_text()) == (there, "text")


# --- locks ---


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_lock_that_another_process_holds_is_waited_for_only_so_long(tmp_path: Path, stopped: bool) -> None:
    with holding(tmp_path, stopped=stopped):
        began = time.monotonic()
        with pytest.raises(BlockingIOError, match="another process holds its lock"), locked(tmp_path, os.O_RDONLY, 0.2):
            pass
        assert 0.2 <= time.monotonic() - began < 2
    with locked(tmp_path, os.O_RDONLY, 5.0):  # it is free as soon as its holder has ended
        pass


def test_a_file_system_without_locks_blocks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", without_locks)
    with locked(tmp_path, os.O_RDONLY, 0.2):
        pass


# --- who could have written it ---

CONFIG = 'theme = "amber"\ntoken_command = ["pass"]\n'


@pytest.mark.parametrize(
    ("file", "folder", "words"),
    [
        (0o600, 0o700, ""),
        (0o644, 0o755, ""),
        (0o664, 0o755, "others can write {file}: chmod go-w {file}"),
        (0o602, 0o755, "others can write {file}: chmod go-w {file}"),
        (0o600, 0o775, "others can write {folder}: chmod go-w {folder}"),
        (0o600, 0o1777, ""),
    ],
    ids=lambda value: oct(value) if isinstance(value, int) else "",
)
def test_who_could_have_written_a_file(
    tmp_path: Path, file: int, folder: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grp.getgrgid", lambda gid: grp.struct_group(("users", "", gid, [])))
    path = tmp_path / "folder" / "config.toml"
    path.parent.mkdir()
    path.touch()
    path.chmod(file)
    path.parent.chmod(folder)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    for each in (path, link):
        assert write_exposure(each) == words.format(file=path, folder=path.parent)


@pytest.mark.parametrize(
    ("members", "name", "exposed"),
    [([], "", False), (["somebody"], "", True), ([], "users", True)],
    ids=["of one's own", "with a guest", "of many"],
)
def test_a_group_that_is_one_s_own_is_nobody_else(
    tmp_path: Path, members: list[str], name: str, exposed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o664)
    me = pwd.getpwuid(os.geteuid())
    monkeypatch.setattr("pwd.getpwuid", lambda uid: pwd.struct_passwd((*me[:3], path.stat().st_gid, *me[4:])))
    monkeypatch.setattr("grp.getgrgid", lambda gid: grp.struct_group((name or me.pw_name, "", gid, members)))
    assert bool(write_exposure(path)) == exposed


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    codecs.lookup("utf-8-sig")  # what is loaded late may lie where only root can look
    importlib.import_module("tomlkit.items")
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


ME, OTHER = 12345, 23456


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("user", "folder", "file", "foreign"),
    [
        (ME, 0, 0, ""),
        (ME, ME, 0, ""),
        (ME, 0, ME, ""),
        (ME, ME, OTHER, "file"),
        (ME, 0, OTHER, "file"),
        (ME, OTHER, ME, "folder"),
        (0, 0, ME, "file"),
        (0, ME, ME, "file"),
        (0, ME, 0, "folder"),
    ],
)
def test_commands_are_taken_from_a_file_of_root_s_or_one_s_own_and_the_rest_from_any(
    user: int, folder: int, file: int, foreign: str
) -> None:
    """As a container has them: mounted from outside, or of another user than the program runs as."""
    with tempfile.TemporaryDirectory() as made:  # others cannot look into `tmp_path`
        path = Path(made) / "config.toml"
        path.write_text(CONFIG)
        os.chown(path, file, 0)
        os.chown(made, folder, 0)
        os.chmod(made, 0o755)
        config = ConfigFile(path)
        with as_user(user):
            settings = config.read()
        owner = f"{path if foreign == 'file' else path.parent} belongs to uid {file if foreign == 'file' else folder}"
        words = f"token_command will not be run: {owner}, and must be yours or root's"
        assert (settings.theme, config.command_warning) == ("amber", words if foreign else "")
        assert settings.token_command == (() if foreign else ("pass",))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_does_not_become_one_s_own_with_a_change() -> None:
    """Else the commands in it, refused until then, would be run from then on."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "config.toml"
        path.write_text(CONFIG)
        os.chown(path, OTHER, 0)
        os.chown(made, ME, 0)
        config = ConfigFile(path)
        with as_user(ME):
            settings = config.read()
            with pytest.raises(UsageError, match=f"cannot write {path}: it belongs to uid {OTHER}, and must be"):
                config.save(settings, Settings(theme="harbor"))
            assert config.read().token_command == ()
        assert [each.name for each in Path(made).iterdir()] == ["config.toml"] and path.read_text() == CONFIG
        config.save(settings, Settings(theme="harbor"))  # root can leave it to its owner
        assert (path.stat().st_uid, path.read_text()) == (OTHER, CONFIG.replace("amber", "harbor"))
