"""The command `export`: a recording as files for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from tui.cli.help import FILES, ManualCommand, option
from tui.cli.options import print_error
from tui.errors import EXIT_DONE, UsageError


@click.command(
    cls=ManualCommand,
    examples=(("itick-tui export friday.jsonl.gz --to friday.parquet", "Four files, as friday.trades.parquet."),),
)
@click.argument("file", type=click.Path(path_type=Path))
@option(
    "--to",
    group=FILES,
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Name of the files, ending in .parquet. None is overwritten.",
)
def export(file: Path, to: Path) -> int:
    """Write a recording as Parquet, for DuckDB, polars and others.

    FILE is a recording made by --record, whole or cut off. Each kind of data has columns of its own, and so a file of
    its own: of friday.parquet they are friday.trades.parquet, friday.quotes.parquet, friday.books.parquet and
    friday.minutes.parquet. Fields are as they were received, prices and volumes as doubles, times as milliseconds UTC;
    volume is what the feed calls so, of a trade or of the day. It needs the extra: pip install 'itick-tui[parquet]'.
    """
    if to.suffix != ".parquet":
        raise UsageError(f"--to {to}: only files that end in .parquet can be written")
    from tui import format as fmt
    from tui.recording.format import Recording
    from tui.recording.parquet import ParquetExport

    recording = Recording(file)
    with ParquetExport(to) as files:
        rows = files.write(recording)
    for path, count in rows.items():
        click.echo(f"{path} {count}")
    lost = [fmt.count(recording.damaged, "damaged line") + " left out"] if recording.damaged else []
    lost += ["the recording is cut off at its end"] if recording.truncated else []
    for words in lost:
        print_error(words, EXIT_DONE)
    return EXIT_DONE
