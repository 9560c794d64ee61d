"""Where the program begins: before anything else is loaded, Ctrl+C is left to the system, which ends it in silence.

A command that runs answers for itself.

Nothing that is loaded is garbage, and looking for some takes a tenth of a start: a command, or the dashboard when it
stands, has the collector back.
"""

import gc
import signal

gc.disable()
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored, as in a script's `&`
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    from tui.cli import main as run

    run()


if __name__ == "__main__":
    main()
