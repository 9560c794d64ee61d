"""A server for ssh on this machine, for one user with a key of its own."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from pathlib import Path


class Server:
    """Listens within the context, and leaves a file for `ssh -F` in a folder, whose host is `there`; nothing without
    one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> None:
        if (folder := self._folder) is None:
            return
        for key in ("host", "user"):
            (folder / key).unlink(missing_ok=True)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
            "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nAcceptEnv LC_ALL\n"
        )
        (folder / "ssh_config").write_text(
            f"Host there\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n IdentityFile {folder}/user\n"
            f" UserKnownHostsFile {folder}/known\n StrictHostKeyChecking no\n SendEnv LC_ALL\n LogLevel ERROR\n"
        )
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")]
        with (folder / "sshd_log").open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
