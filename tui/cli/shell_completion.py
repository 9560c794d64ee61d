"""Answers the completion scripts: a shell sends the command up to the cursor in COMP_LINE and reads the candidates.

The first line of an answer is its kind: `file` or `dir`, which the shell completes itself, `plain`, or `list` for an
item of a list, after which another may follow. The other lines are the candidates as the shell inserts them. Scripts
printed by click, installed by earlier versions, are answered by click.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_END_MARK = "|"  # appended, so that an empty last word is a word too


def split_line(line: str) -> tuple[list[str], str]:
    """Returns the words of an unfinished command, of which the last may be empty, and the quote left open, or ""."""
    for quote in ("", "'", '"'):
        lexer = shlex.shlex(line + _END_MARK + quote, posix=True, punctuation_chars="")
        lexer.whitespace_split = True
        lexer.commenters = ""
        with suppress(ValueError):  # another quote is open
            *words, last = lexer
            # Unlike shells, shlex keeps the backslash within double quotes.
            return [*words, last.removesuffix(_END_MARK).replace(r"\$", "$")], quote
    raise AssertionError("one of the quotes closes the line")


class _Completion(ShellComplete):
    """Completion in the format of one shell's script. A candidate that is an item of a list has `in_list` set."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, self.quote = split_line(os.environ.get("COMP_LINE", ""))
        *arguments, word = words[1:] or [""]
        option, equals, value = word.partition("=")
        if equals and option.startswith("--"):
            self.option, self.typed = option + equals, value
            return [*arguments, option], value
        self.option, self.typed = "", word
        return arguments, word

    def complete(self) -> str:
        items = self.get_completions(*self.get_completion_args())
        kinds = ["list" if item.in_list else item.type for item in items[:1]]
        return "\n".join(kinds + [self.format_completion(item) for item in items if item.type == "plain"])


class BashCompletion(_Completion):
    """Candidates that replace COMP_WORD, bash's idea of the word: the text after an open quote, or after the last `=`
    or `:`."""

    name = "itick-bash"

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Returns one symbol, QQQ.US, in place of several whose codes begin with its own, as QQQM.US: bash has no menu
        that leads from their common beginning to it."""
        items = super().get_completions(args, incomplete)
        codes = [item.value.rpartition(".")[0] for item in items]
        whole = [
            item for item, code in zip(items, codes, strict=True) if all(other.startswith(code) for other in codes)
        ]
        return whole if len(whole) == 1 else items

    def format_completion(self, item: CompletionItem[str]) -> str:
        reply = os.environ.get("COMP_WORD", "") + item.value[len(self.typed) :]
        if self.quote == "'":
            return reply
        closed, mark, rest = reply.rpartition("'")
        return closed + mark + re.sub(r"\\?\$", r"\\$", rest)


class ZshCompletion(_Completion):
    """Candidates in the format of `_describe`, `VALUE:DESCRIPTION`; of a list only the last item."""

    name = "itick-zsh"

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = item.value.rpartition(",")[2] if item.in_list else item.value
        value = re.sub(r"[\\:]", r"\\\g<0>", value)
        return f"{value}:{item.help}" if item.help else value


class FishCompletion(_Completion):
    """Candidates that are whole words, with a description after a tab. Fish appends a space to a single candidate, so
    an item of a list has a second candidate with a comma."""

    name = "itick-fish"

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        items = super().get_completions(args, incomplete)
        if len(items) == 1 and items[0].in_list:
            items.append(CompletionItem(f"{items[0].value},", help="and more"))
        return items

    def format_completion(self, item: CompletionItem[str]) -> str:
        word = f"{self.option}{item.value}"
        return f"{word}\t{item.help}" if item.help else word


def register() -> None:
    """Register the completion classes of this program with click."""
    for completion in (BashCompletion, ZshCompletion, FishCompletion):
        add_completion_class(completion)
