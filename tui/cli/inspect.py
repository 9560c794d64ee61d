"""The command `inspect`: a summary of a recording."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.help import OUTPUT, ManualCommand, option
from tui.errors import EXIT_DONE

if TYPE_CHECKING:
    from tui.recording.summary import RecordingSummary

_MAX_SYMBOLS = 8  # symbols
_MAX_STATES = 12  # states of the link
_INDENT = 16  # cells in front of the words
_NO_BREAK = "\N{NO-BREAK SPACE}"  # a blank at which no line ends
_LEAST_ROOM = 40  # cells of the words in a line


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui inspect friday.jsonl.gz", "A summary in a few lines."),
        ("itick-tui inspect friday.jsonl.gz --json | jq .symbols", "The number of messages of each symbol."),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@option("--json", "as_json", group=OUTPUT, is_flag=True, help="Print one JSON object, times in ms UTC.")
def inspect(file: Path, as_json: bool) -> int:
    """Print a summary of a recording.

    FILE is a recording made by --record. The summary has its time, messages by type and symbol, lag, silences, states
    of the link, and what is malformed or damaged. Times are this machine's.
    """
    import msgspec

    from tui.recording.format import Recording
    from tui.recording.summary import summarize

    summary = summarize(Recording(file))
    click.echo(msgspec.json.encode(summary).decode() if as_json else "\n".join(_format_summary(summary)))
    return EXIT_DONE


def _format_summary(summary: RecordingSummary) -> list[str]:
    from datetime import datetime

    from tui import format as fmt
    from tui.market.clock_sync import Lag
    from tui.recording.summary import SILENCE

    def at(time: float) -> str:
        return f"{datetime.fromtimestamp(time / 1000):%Y-%m-%d %H:%M:%S}"

    late = "not known"
    if summary.delay is not None:
        late = f"{fmt.seconds(summary.delay)}: the whole feed was delayed"
    elif (lag := summary.lag) is not None:
        late = Lag(lag.median, lag.p99, lag.relative, lag.error or 0.0, lag.coarse).in_full
    begins, ends = at(summary.begins), at(summary.ends)
    span = f"{begins} to {ends.removeprefix(begins[:11])}, {_duration(summary.seconds)}"
    rate = f" · {summary.messages / summary.seconds:,.1f} a second" if summary.seconds >= 1 else ""
    symbols = [f"{symbol}{_NO_BREAK}{count:,}" for symbol, count in summary.symbols.items()]
    more = [f"and {len(symbols) - _MAX_SYMBOLS} more"] if len(symbols) > _MAX_SYMBOLS else []
    silences = "none"
    if summary.silences:
        longest = summary.longest[0]
        silences = f"{summary.silences:,}, the longest {longest.seconds:,.1f} s from {at(longest.at)}"
    malformed = ", ".join(f"{count:,} {kind}" for kind, count in summary.malformed.items())
    rows = [
        ("made by", f"itick-tui {summary.program}, from {summary.host}{' · DEMO' * summary.demo}"),
        ("time", span),
        ("messages", f"{summary.messages:,} · {fmt.compact(summary.bytes)} bytes{rate}"),
        ("types", " · ".join(f"{name} {count:,}" for name, count in summary.types.items()) or "no data"),
        ("symbols", f"{len(symbols):,}: {' · '.join([*symbols[:_MAX_SYMBOLS], *more])}" if symbols else "none"),
        ("lag", late),
        (f"over {SILENCE:g} s silent", silences),
        (
            "left out",
            f"{summary.out_of_order:,} out of order, {summary.unfollowed:,} unfollowed, "
            f"{sum(summary.malformed.values()):,} malformed{f' ({malformed})' if malformed else ''}",
        ),
        ("file", f"{fmt.count(summary.damaged, 'damaged line')}, {'cut off at its end' if summary.cut else 'whole'}"),
        ("reconnects", f"{summary.reconnects:,}"),
    ]
    states = summary.link[-_MAX_STATES:]
    rows += [
        ("link" if step is states[0] else "", f"{at(step.at)} {step.state}{f': {step.reason}' if step.reason else ''}")
        for step in states
    ]
    room = max(_LEAST_ROOM, shutil.get_terminal_size().columns - _INDENT)
    return [
        f"{name * (n == 0):<{_INDENT - 1}} {line.replace(_NO_BREAK, ' ')}"
        for name, what in rows
        for n, line in enumerate(textwrap.wrap(what, room, break_long_words=False, break_on_hyphens=False))
    ]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
