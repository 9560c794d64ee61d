"""The driver of a dashboard in a browser page: Textual's, with a heartbeat. It ends when the page's server is gone."""

from __future__ import annotations

from contextlib import suppress

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver

_BEAT = 1.0  # s: the page says that nothing comes any more after a few of them


class PageDriver(WebDriver):
    """Writes packets to the server of the page, and reads them from it."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._beating = app

    def start_application_mode(self) -> None:
        super().start_application_mode()
        # Through the app's own queue: while that stands still, the page must not look live.
        self._beating.set_interval(_BEAT, lambda: self.write(""))

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # the input has ended: the page is closed, or its server was killed
            self.send_message(messages.ExitApp())

    def write(self, data: str) -> None:
        with suppress(OSError):  # the server is gone, which the input tells too
            super().write(data)

    def write_meta(self, data: dict[str, object]) -> None:
        with suppress(OSError):
            super().write_meta(data)
