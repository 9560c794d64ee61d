"""The completion scripts, in real shells at a real Tab."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from tests.support.command import run_in_process, run_program
from tests.support.terminal import Terminal
from tui.cli import cli
from tui.cli.defaults import COMPLETION_VARIABLE
from tui.cli.shell_completion import split_line

SHELLS = [
    pytest.param(shell, marks=pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}"))
    for shell in ("bash", "zsh", "fish")
]
WELCOME = {
    "bash": (".bashrc", "PS1='> '\nbind 'set bell-style none'\nbind 'set enable-bracketed-paste off'\n"),
    "zsh": (".zshrc", "PS1='> '\nunsetopt beep\nautoload -Uz compinit\ncompinit -uD\n"),
    "fish": (
        ".config/fish/config.fish",
        "function fish_prompt\n    echo '> '\nend\nset fish_greeting\nset fish_autosuggestion_enabled 0\n",
    ),
}


class Shell:
    """A shell that somebody types into, with the script installed as the help says, or another one in its place."""

    def __init__(self, name: str, home: Path, script: str = "") -> None:
        self._tabs = 0
        program = home / "bin" / "itick-tui"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        (home / "script").write_text(script or run_in_process("completion", name).stdout, encoding="utf-8")
        file, words = WELCOME[name]
        start = home / file
        start.parent.mkdir(parents=True, exist_ok=True)
        if name == "fish":
            completions = start.parent / "completions"
            completions.mkdir()
            (home / "script").rename(completions / "itick-tui.fish")
        else:
            words += f'eval "$(cat {home}/script)"\n'
        start.write_text(f"{words}cd {home}\n", encoding="utf-8")
        self.terminal = Terminal(
            ["--noprofile", "--rcfile", str(start), "-i"] if name == "bash" else ["-i"],
            program=name,
            HOME=str(home),
            ZDOTDIR=str(home),
            XDG_CONFIG_HOME=str(home / ".config"),
            XDG_DATA_HOME=str(home / ".local"),
            PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            fish_features="no-query-term",  # from fish 4.1 it asks the terminal about itself, and waits
        )

    async def type(self, keys: str) -> None:
        """Press keys on an empty line."""
        await self.terminal.until(lambda: "> " in self.terminal.text())
        self.terminal.press(f"\x05\x15{keys}")

    async def tab(self, typed: str) -> str:
        """What a typed line becomes at Tab, up to the cursor."""
        self._tabs += 1
        mark = f"END{self._tabs}"
        await self.type(f"{typed}\t{mark}")
        await self.terminal.until(lambda: mark in self.terminal.text())
        (line,) = [line for line in self.terminal.screen() if mark in line]
        return line.removeprefix("> ").partition(mark)[0]

    async def offers(self, words: set[str]) -> None:
        """Wait until the words stand below the line."""
        await self.terminal.until(lambda: words <= set(self.terminal.text().split()))


@contextmanager
def typing(name: str, home: Path, script: str = "") -> Iterator[Shell]:
    shell = Shell(name, home, script)
    try:
        yield shell
    finally:
        shell.terminal.kill()


COMPLETED = {
    "do": "doctor ",
    "config sh": "config show ",
    "--them": "--theme ",
    "--theme am": "--theme amber ",
    "--theme=am": "--theme=amber ",
    "exchange --fault kline": "exchange --fault kline-refused ",
    "--watch QQQM,28": "--watch QQQM,28",
    "--watch=QQQM": "--watch=QQQM.US",
    "--watch qqqm": "--watch qqqm.us",
    "--watch QQQ.US,SP": "--watch QQQ.US,SPY.US",
    "--watch US:SP": "--watch US:SPY",
    "--watch US:QQQ,US:SP": "--watch US:QQQ,US:SPY",
    "--watch NOPE": "--watch NOPE",
    r"--watch SPY\$": r"--watch SPY\$US",
    r'--watch "SPY\$ --config': r'--watch "SPY\$ --config',
    "stream --types quote,d": "stream --types quote,depth",
    "stream --types kline@": "stream --types kline@1",
    "--watch SP --demo" + "\x1b[D" * 7: "--watch SPY.US",
    "QQQ --dem": "QQQ --demo ",
    "--token-file my\\ ": "--token-file my\\ key ",
    "--token-file=my\\ ": "--token-file=my\\ key ",
    "--token-file 'my k": "--token-file 'my key' ",
    "--token-file ~/fo/my\\ ": "--token-file ~/fo/my\\ other\\ key ",
    "--token-file=~/fo/my\\ ": "--token-file=~/fo/my\\ other\\ key ",
    "--export-dir f": "--export-dir fo/",
    "--export-dir=f": "--export-dir=fo/",
}
QUOTED = {  # zsh and fish leave the quote open behind what may go on, bash closes it
    "--watch 'QQQM": "--watch 'QQQM.US",
    "--watch 'SPY$U": "--watch 'SPY$US",
    '--watch "QQQ.US,SP': '--watch "QQQ.US,SPY.US',
    r'--watch "SPY\$': r'--watch "SPY\$US',
    '--watch "US:SP': '--watch "US:SPY',
    "--watch 'QQQ$US,SPY$": "--watch 'QQQ$US,SPY$US",
}


@pytest.mark.parametrize("name", SHELLS)
async def test_what_a_line_becomes_at_tab(name: str, tmp_path: Path) -> None:
    (tmp_path / "my key").touch()
    (tmp_path / "file").touch()
    (tmp_path / "fo").mkdir()
    (tmp_path / "fo" / "my other key").touch()
    # Of QQQ and QQQM the menus of zsh and fish begin with what both have, bash has none.
    several = {
        typed: f"{typed}Q{'.US' * (name == 'bash')}{end * (name == 'bash')}"
        for typed, end in (("--watch QQ", ""), ("--watch 'QQ", "'"), ('--watch "QQ', '"'), ("--watch=QQ", ""))
    }
    expected = (
        COMPLETED
        | several
        | {typed: line + line[len("--watch ")] if name == "bash" else line for typed, line in QUOTED.items()}
    )
    with typing(name, tmp_path) as shell:
        lines = {typed: await shell.tab(f"itick-tui {typed}") for typed in expected}
    assert lines == {typed: f"itick-tui {line}" for typed, line in expected.items()}


@pytest.mark.parametrize("name", SHELLS)
async def test_own_symbols_are_offered_and_what_fails_is_no_word_of_the_line(name: str, tmp_path: Path) -> None:
    config = tmp_path / ".config" / "itick-tui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[lists]\nMine = ["ZZZ$US"]\n', encoding="utf-8")
    (tmp_path / "broken").write_text("lists = 1", encoding="utf-8")
    with typing(name, tmp_path) as shell:
        assert await shell.tab("itick-tui --watch 'ZZZ$") == "itick-tui --watch 'ZZZ$US" + "'" * (name == "bash")
        for broken in ("itick-tui --config broken --watch ZZ", "itick-tui --config . --watch ZZ"):
            assert await shell.tab(broken) == broken
        known = await shell.tab("itick-tui --config broken --watch QQQM")
        assert known == "itick-tui --config broken --watch QQQM.US"
        config.write_text("[lists", encoding="utf-8")
        assert await shell.tab("itick-tui --watch ZZ") == "itick-tui --watch ZZ"
        (tmp_path / "bin" / "itick-tui").unlink()
        assert await shell.tab("itick-tui --watch QQQM") == "itick-tui --watch QQQM"
        assert len([line for line in shell.terminal.screen() if line.strip()]) == 1, "nothing beside the line"


@pytest.mark.parametrize("name", SHELLS)
async def test_what_may_follow_is_listed_with_words_where_the_shell_has_place_for_them(
    name: str, tmp_path: Path
) -> None:
    with typing(name, tmp_path) as shell:
        for typed, offered, words in (
            ("--watch S", {"SMH.US", "SLV.US"}, "VanEck Semiconductor ETF"),
            ("config ", {"init", "path", "show"}, "Print all settings"),
        ):
            await shell.type(f"itick-tui {typed}\t\t")
            await shell.offers(offered)
            assert (words in shell.terminal.text()) == (name != "bash")


@pytest.mark.parametrize("name", SHELLS)
async def test_a_script_of_click_that_is_still_installed_works_as_it_did(name: str, tmp_path: Path) -> None:
    writer = get_completion_class(name)
    assert writer is not None
    with typing(name, tmp_path, writer(cli, {}, "itick-tui", COMPLETION_VARIABLE).source()) as shell:
        assert await shell.tab("itick-tui do") == "itick-tui doctor "
        assert await shell.tab("itick-tui --watch QQQM") == "itick-tui --watch QQQM.US "
        assert await shell.tab("itick-tui QQQ --dem") == "itick-tui QQQ --demo "
        assert len([line for line in shell.terminal.screen() if line.strip()]) == 1, "nothing beside the line"


@pytest.mark.parametrize(
    ("line", "words", "quote"),
    [
        ("itick-tui ", ["itick-tui", ""], ""),
        ("itick-tui --watch QQ", ["itick-tui", "--watch", "QQ"], ""),
        ("itick-tui 'my key' my\\ k", ["itick-tui", "my key", "my k"], ""),
        ("itick-tui my\\", ["itick-tui", "my"], ""),
        ("itick-tui 'QQQ$US, ", ["itick-tui", "QQQ$US, "], "'"),
        ("itick-tui \"it's", ["itick-tui", "it's"], '"'),
        ('itick-tui "QQQ\\$', ["itick-tui", "QQQ$"], '"'),
        ("itick-tui 'QQQ$US',\"S", ["itick-tui", "QQQ$US,S"], '"'),
        ("itick-tui #", ["itick-tui", "#"], ""),
    ],
)
def test_a_line_is_split_as_a_shell_splits_it(line: str, words: list[str], quote: str) -> None:
    assert split_line(line) == (words, quote)


@pytest.mark.parametrize(
    ("word", "reply"),
    [("'QQQ$US',SP", "'QQQ$US',SPY.US"), ("'QQQ$US',SPY$", "'QQQ$US',SPY\\$US"), ("SPY$", "SPY\\$US")],
)
def test_bash_is_told_to_quote_what_it_would_take_away(word: str, reply: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPLETION_VARIABLE, "itick-bash_complete")
    monkeypatch.setenv("COMP_LINE", f"itick-tui --watch {word}")
    monkeypatch.setenv("COMP_WORD", word)
    assert run_program().stdout == f"list\n{reply}\n"


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
async def test_zsh_also_finds_the_script_among_its_functions(tmp_path: Path) -> None:
    functions = tmp_path / "functions"
    functions.mkdir()
    (functions / "_itick-tui").write_text(run_in_process("completion", "zsh").stdout, encoding="utf-8")
    with typing("zsh", tmp_path, f"fpath=({functions} $fpath)\ncompinit -uD") as shell:
        for _ in range(2):
            assert await shell.tab("itick-tui do") == "itick-tui doctor "
