"""Where the program begins: before anything else is loaded, Ctrl+C is left to the system, which ends it in silence.

A command that runs answers for itself.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored, as in a script's `&`
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    from tui.cli import main as run

    run()


if __name__ == "__main__":
    main()
