"""What a recording holds, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.help import OUTPUT, ManualCommand, option
from tui.errors import EXIT_DONE

if TYPE_CHECKING:
    from tui.recording.summary import RecordingSummary

_NAMED = 8  # symbols
_TOLD = 12  # states of the link


@click.command(
    cls=ManualCommand,
    examples=(
        ("itick-tui inspect friday.jsonl.gz", "What is in it, in a few lines."),
        ("itick-tui inspect friday.jsonl.gz --json | jq .symbols", "How many messages of each symbol."),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@option("--json", "as_json", group=OUTPUT, is_flag=True, help="Print one JSON object, times in ms UTC.")
def inspect_command(file: Path, as_json: bool) -> int:
    """Print what a recording holds.

    FILE is one that --record made. Told are its time, its messages by type and symbol, how late they were, silences,
    what the link did, and what cannot be read. Times are this machine's.
    """
    import msgspec

    from tui.recording.format import Recording
    from tui.recording.summary import summarize as inspected

    found = inspected(Recording(file))
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_words(found)))
    return EXIT_DONE


def _words(found: RecordingSummary) -> list[str]:
    from datetime import datetime

    from tui import format as fmt
    from tui.market.clock_sync import Lag
    from tui.recording.summary import SILENCE

    def at(time: float, form: str = "%H:%M:%S") -> str:
        return datetime.fromtimestamp(time / 1000).strftime(form)

    late = "not known"
    if found.delay is not None:
        late = f"{fmt.seconds(found.delay)}: the whole feed was delayed"
    elif (lag := found.lag) is not None:
        late = Lag(lag.median, lag.p99, lag.relative, lag.error or 0.0, lag.coarse).in_full
    span = f"{at(found.begins, '%Y-%m-%d %H:%M:%S')} to {at(found.ends)}, {_duration(found.seconds)}"
    rate = f" · {found.messages / found.seconds:,.1f} a second" if found.seconds >= 1 else ""
    symbols = [f"{symbol} {count:,}" for symbol, count in found.symbols.items()]
    more = [f"and {len(symbols) - _NAMED} more"] if len(symbols) > _NAMED else []
    silences = "none"
    if found.silences:
        longest = found.longest[0]
        silences = f"{found.silences:,}, the longest {longest.seconds:,.1f} s from {at(longest.at)}"
    malformed = ", ".join(f"{count:,} {kind}" for kind, count in found.malformed.items())
    rows = [
        ("made by", f"itick-tui {found.program}, from {found.host}{' · DEMO' * found.demo}"),
        ("time", span),
        ("messages", f"{found.messages:,} · {fmt.compact(found.bytes)} bytes{rate}"),
        ("types", " · ".join(f"{name} {count:,}" for name, count in found.types.items()) or "no data"),
        ("symbols", f"{len(symbols):,}: {' · '.join([*symbols[:_NAMED], *more])}" if symbols else "none"),
        ("lag", late),
        (f"over {SILENCE:g} s silent", silences),
        (
            "left out",
            f"{found.out_of_order:,} out of order, {found.unfollowed:,} unfollowed, "
            f"{sum(found.malformed.values()):,} malformed{f' ({malformed})' if malformed else ''}",
        ),
        ("file", f"{fmt.count(found.damaged, 'damaged line')}, {'cut off at its end' if found.cut else 'whole'}"),
        ("reconnects", f"{found.reconnects:,}"),
    ]
    told = found.link[-_TOLD:]
    rows += [
        ("link" if step is told[0] else "", f"{at(step.at)} {step.state}{f': {step.reason}' if step.reason else ''}")
        for step in told
    ]
    return [f"{name:<15} {what}" for name, what in rows]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
