# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program played-server in a network namespace of the test's own, where port 135 is free."""
import ctypes
import os
import pathlib
import select
import subprocess

CLONE_NEWNET = 0x40000000
USER, PASSWORD = 'alice', 'Pa55w.rd'
SECONDS = 20


def impacket_or_skip():
    try:
        import impacket  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
    except ImportError:
        print('skipped: python3-impacket is not installed; ./dev test installs it')
        raise SystemExit(77) from None


def own_network():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print(f'skipped: a network namespace needs root ({os.strerror(ctypes.get_errno())})')
        raise SystemExit(77)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


class Server:
    """Started with an account for USER, who is allowed; ready when this returns."""

    def __init__(self, work: pathlib.Path):
        from impacket.ntlm import compute_nthash  # pylint: disable=import-outside-toplevel
        accounts = work / 'accounts'
        accounts.touch(0o600)
        accounts.write_text(f'{USER}:{compute_nthash(PASSWORD).hex()}\n', encoding='ascii')
        self.process = subprocess.Popen(
            [os.environ['PLAYED_SERVER'], '--accounts', str(accounts), '--allow',
             f'NODE1\\{USER}'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        readable, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline().decode() if readable else 'nothing'
        if not line.startswith('ready'):
            self.process.kill()
            raise AssertionError(f'the server told: {line}')
        # The rest is not read and must not fill the pipe: it is a few lines per object.

    def end(self):
        self.process.terminate()
        code = self.process.wait(timeout=SECONDS)
        self.process.stdout.close()
        return code
