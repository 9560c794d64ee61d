#!/usr/bin/env bash
# textual 8.2.8: what changes on a screen under one see-through modal is drawn, under two it is not. Each modal screen
# keeps a picture of what lies below it; a change renews only the picture of the topmost one, which is made of the old
# picture that the modal between still has. A live display under a dialog that was opened from a dialog stands still, and
# nothing says so, until a key redraws the modal between.
# Seen: after Static.update("after") the screen shows it under 0 and 1 modal screens, and "before" under 2.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q textual==8.2.8
"$work/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Label, Static


class Dialog(ModalScreen[None]):
    CSS = "Dialog { background: transparent; align: center bottom; } Dialog Label { width: auto; }"

    def compose(self) -> ComposeResult:
        yield Label("a dialog")


class Prices(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("before")


async def shown_under(dialogs: int) -> str:
    app = Prices()
    async with app.run_test(size=(30, 6)) as pilot:
        for _ in range(dialogs):
            await app.push_screen(Dialog())
        await pilot.pause(0.3)
        app.screen_stack[0].query_one(Static).update("after")
        await pilot.pause(0.5)
        return "after" if "after" in app.export_screenshot() else "before"


shown = [asyncio.run(shown_under(dialogs)) for dialogs in range(3)]
print("shown under 0, 1 and 2 modal screens:", shown)
sys.exit(0 if shown == ["after", "after", "before"] else 1)
PYTHON
