"""The entry point. Until a command runs, SIGINT has its default action: Ctrl+C ends the program without a traceback.

The garbage collector is disabled during start-up, where nothing is garbage and collections take a tenth of the time; a
command, or the dashboard once it is drawn, enables it again.
"""

import gc
import signal

gc.disable()
if (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
):  # not if it is ignored, as for a script's background job
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Run the command line and exit with its code."""
    from tui.cli import main as run

    run()


if __name__ == "__main__":
    main()
