#!/usr/bin/env bash
# Textual 8.2.8: a timer belongs to the app of the context in which it is set. A callback that a thread hands to the event
# loop with call_soon_threadsafe() runs in a context without an app, and so does one that a signal handler hands over
# while the loop waits. set_timer() succeeds there, the timer's function is never called and nothing is reported; but
# when the app leaves, it waits for its timers, and ends with a traceback of LookupError and the return code 1. A timer
# that is set in the same callback in a copy of the app's own context fires.
# Seen:
#   in a context of its own: not fired, return code 1
#   in a copy of the app's: fired, return code 0
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q textual==8.2.8
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import contextvars
import sys
import threading

from textual.app import App


class Timed(App[None]):
    fired = False

    def __init__(self, context):
        super().__init__()
        self.context = context

    def on_mount(self):
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context() if self.context == "app" else None
        threading.Timer(0.2, loop.call_soon_threadsafe, [self.set], {"context": context}).start()
        self.set_timer(1.0, self.exit)

    def set(self):
        self.set_timer(0.2, self.fire)

    def fire(self):
        self.fired = True


def outcome(context):
    app = Timed(context)
    app.run(headless=True)
    return f"{'fired' if app.fired else 'not fired'}, return code {app.return_code}"


own, app = outcome("own"), outcome("app")
print(f"in a context of its own: {own}\nin a copy of the app's: {app}")
sys.exit(own != "not fired, return code 1" or app != "fired, return code 0")
PYTHON
