# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program played-server: our DCOM server over played nodes."""
import os
import re

from telling import Telling

USER, STRANGER, PASSWORD = 'alice', 'mallory', 'Pa55w.rd'


class Server(Telling):
    """With an account for USER, who is allowed, and one for STRANGER, who is not; ready when this
    returns."""

    def __init__(self, work, *more, **how):
        from impacket.ntlm import compute_nthash  # pylint: disable=import-outside-toplevel
        accounts = work / 'accounts'
        accounts.touch(0o600)
        accounts.write_text(''.join(f'{name}:{compute_nthash(PASSWORD).hex()}\n'
                                    for name in (USER, STRANGER)), encoding='ascii')
        super().__init__([os.environ['PLAYED_SERVER'], '--accounts', str(accounts), '--allow',
                          f'NODE1\\{USER}', *more], **how)
        self.wait_for('ready')
        self.port = int(re.search(r'\[(\d+)\]', self.told()).group(1))
