"""The answers to the completion scripts: a shell sends the command as typed up to the cursor, in COMP_LINE, and is told
what the last word may become.

The first line of an answer is its kind: `file` or `dir`, which the shell completes best by itself, `plain`, or `list`
for a part of a list, behind which more may follow. The other lines are the candidates, each as its shell inserts it.
The scripts of click, which earlier versions installed, are answered by click itself.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_END = "|"  # of the text, so that also an empty last word is one


def split_line(line: str) -> tuple[list[str], str]:
    """Split a command that may end within quotes. Returns its words, of which the last may be empty, and the quote that
    is open, or ""."""
    for quote in ("", "'", '"'):
        lexer = shlex.shlex(line + _END + quote, posix=True, punctuation_chars="")
        lexer.whitespace_split = True
        lexer.commenters = ""
        with suppress(ValueError):  # another quote is open
            *words, last = lexer
            # Between double quotes shlex, other than shells, keeps the backslash.
            return [*words, last.removesuffix(_END).replace(r"\$", "$")], quote
    raise AssertionError("one of them ends it")


class _Completion(ShellComplete):
    """Completion in the form that the script of one shell reads. A part of a list is a candidate with `in_list` set."""

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
    """Candidates in place of COMP_WORD, which is what bash takes for the word: the text behind an open quote, or the
    last `=` or `:`."""

    name = "itick-bash"

    def format_completion(self, item: CompletionItem[str]) -> str:
        reply = os.environ.get("COMP_WORD", "") + item.value[len(self.typed) :]
        if self.quote == "'":
            return reply
        closed, mark, rest = reply.rpartition("'")
        return closed + mark + re.sub(r"\\?\$", r"\\$", rest)


class ZshCompletion(_Completion):
    """Candidates as _describe takes them, `VALUE:DESCRIPTION`; of a list only the last part."""

    name = "itick-zsh"

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = item.value.rpartition(",")[2] if item.in_list else item.value
        value = re.sub(r"[\\:]", r"\\\g<0>", value)
        return f"{value}:{item.help}" if item.help else value


class FishCompletion(_Completion):
    """Candidates that are the whole word, and a description behind a tab. Fish puts a space behind a word that can
    become only one thing, so a part of a list can also become itself and a comma."""

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
    """Let click answer also the scripts of this program."""
    for completion in (BashCompletion, ZshCompletion, FishCompletion):
        add_completion_class(completion)
