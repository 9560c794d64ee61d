"""The person's own command, run when alerts fire."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

from tui.errors import reason
from tui.secrets import TOKEN_VARIABLE, redact

_WITHIN = 10.0  # s


async def run_alert_command(command: Sequence[str], values: Mapping[str, str], within: float = _WITHIN) -> str:
    """Run it without a shell: `{name}` in its arguments stands for a value of that name; where none does, the value of
    `words` comes as the last argument. Returns "" once it has ended well, else what went wrong; of the command only its
    name is told.

    It has a session of its own, reads nothing, and what it prints is dropped. Where it still runs after `within` s, or
    when this is cancelled, it is killed with all that it started. The key is not in its environment.
    """
    name = f"alert_command: '{command[0]}'"
    environment = {k: v for k, v in os.environ.items() if k != TOKEN_VARIABLE and redact(v) == v}
    nowhere = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *_filled(command, values),
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            env=environment,
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


def _filled(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    filled = list(command)
    for name, value in values.items():
        filled = [argument.replace(f"{{{name}}}", value) for argument in filled]
    return filled if filled != list(command) else [*command, values["words"]]
