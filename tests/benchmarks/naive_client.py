"""The same grid built the straightforward way, as a baseline.

    python -m tests.benchmarks.naive_client URL SYMBOLS REPORTS

A `DataTable` with a row for each symbol, `websockets` read by `async for`, `json.loads`, a posted Textual message for
each update and `update_cell` for each of its figures: written as in the documentation of its libraries, with no other
pane and without deliberate slowness.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widgets import DataTable
from textual.widgets.data_table import ColumnKey
from websockets.asyncio.client import connect

from tests.benchmarks.reporting import report_on_signal
from tests.benchmarks.sender import symbols
from tui.protocol.messages import TYPES

COLUMNS = {"Code": 8, "Last": 10, "Change": 10, "Bid": 10, "Ask": 10, "Volume": 16, "Time": 8}
"""With their widths."""


class Update(Message):
    """One message of the feed."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self.data = data


class NaiveApp(App[None]):
    """Counts the updates that reached the table, and reports them on SIGURG."""

    CSS = "DataTable { height: 1fr; }"

    def __init__(self, url: str, codes: list[str], reports: int) -> None:
        super().__init__()
        self.url = url
        self.codes = codes
        self.reports = reports
        self.updates = 0
        self.opens: dict[str, float] = {}
        self.table: DataTable[str] = DataTable(cursor_type="row")
        self.columns: dict[str, ColumnKey] = {}

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.columns = {title: self.table.add_column(title, width=width) for title, width in COLUMNS.items()}
        for code in self.codes:
            self.table.add_row(code, *["-"] * (len(COLUMNS) - 1), key=code)
        report_on_signal(
            self.reports, lambda: {"messages": self.updates, "updates": self.updates, "wrong": 0, "frames": 0}
        )
        self.run_worker(self.receive())

    async def receive(self) -> None:
        async with connect(self.url, compression=None) as websocket:
            for type_ in TYPES:
                params = ",".join(f"{code}$US" for code in self.codes)
                await websocket.send(json.dumps({"ac": "subscribe", "params": params, "types": type_}))
            async for frame in websocket:
                message = json.loads(frame)
                if isinstance(message.get("data"), dict):
                    self.post_message(Update(message["data"]))

    def on_update(self, update: Update) -> None:
        data = update.data
        self.updates += 1
        code = data.get("s", "").partition("$")[0]
        if data.get("type") in ("tick", "quote"):
            last = data["ld"]
            if "o" in data:
                self.opens[code] = data["o"]
            self.set_cell(code, "Last", f"{last:.2f}")
            if code in self.opens:
                self.set_cell(code, "Change", f"{last - self.opens[code]:+.2f}")
            self.set_cell(code, "Volume", f"{data['v']:,}")
            self.set_cell(code, "Time", f"{datetime.fromtimestamp(data['t'] / 1000):%H:%M:%S}")
        elif data.get("type") == "depth":
            self.set_cell(code, "Bid", f"{data['b'][0]['p']:.2f}")
            self.set_cell(code, "Ask", f"{data['a'][0]['p']:.2f}")

    def set_cell(self, code: str, column: str, text: str) -> None:
        self.table.update_cell(code, self.columns[column], text)


if __name__ == "__main__":
    address, count, file = sys.argv[1:]
    NaiveApp(address, [symbol.code for symbol in symbols(int(count))], int(file)).run()
