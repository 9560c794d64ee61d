"""The user's command that is run when alerts fire."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

from tui.errors import reason
from tui.secrets import environment_without_key

_TIMEOUT = 10.0  # s


async def run_alert_command(command: Sequence[str], values: Mapping[str, str], within: float = _TIMEOUT) -> str:
    """Run the command without a shell; returns "" if it ended with code 0, else the error, which names only the
    program.

    `{name}` in an argument is replaced by the value of that name; without any, the value of `words` is appended as the
    last argument. The command runs in a session of its own with /dev/null as input and output and without the key in
    its environment. After `within` s, or on cancellation, its process group is killed.
    """
    name = f"alert_command: '{command[0]}'"
    devnull = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *_fill_placeholders(command, values),
            stdin=devnull,
            stdout=devnull,
            stderr=devnull,
            env=environment_without_key(),
            start_new_session=True,
        )
    except OSError as error:
        return f"{name} cannot be run: {reason(error)}"
    except ValueError:
        return f"{name} cannot be run: there is a character in it that no argument may have"
    try:
        async with asyncio.timeout(within):
            code = await process.wait()
    except TimeoutError:
        return f"{name} did not end within {within:g} s: it was stopped"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"{name} ended with code {code}" if code else ""


def _fill_placeholders(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    arguments = list(command)
    for name, value in values.items():
        arguments = [argument.replace(f"{{{name}}}", value) for argument in arguments]
    return arguments if arguments != list(command) else [*command, values["words"]]
