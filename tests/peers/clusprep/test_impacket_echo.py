#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""impacket against our RPC server: NTLM signed and sealed, Kerberos sealed."""
import subprocess
import sys

import echo_world
import kerberos_realm
import needs


def main():
    needs.modules('impacket')
    needs.tools(*kerberos_realm.TOOLS)
    with echo_world.EchoWorld() as world:
        # impacket asks a KDC at port 88 only, so the ticket is fetched for it.
        subprocess.run(['kvno', '-q', 'host/localhost'], env=world.environment, check=True)
        world.environment['KRB5CCNAME'] = world.realm.tickets.removeprefix('FILE:')

        def call(mechanism, protection, password=world.realm.password):
            return world.client('impacket_echo_client.py', mechanism, protection,
                                world.realm.user, password)

        # Its Kerberos cannot sign without sealing: it trips over its own text (0.10).
        for mechanism, protection in (('ntlm', 'sign'), ('ntlm', 'seal'), ('kerberos', 'seal')):
            world.check(f'{mechanism} {protection}', *call(mechanism, protection))
        right, said = call('ntlm', 'seal', 'wrong')
        world.check('a wrong password', not right, said)
        world.check_log('by LOCALHOST\\alice', 'by alice@EXAMPLE.ORG',
                        'unknown user or wrong password')
    return 1 if world.failures else 0


if __name__ == '__main__':
    sys.exit(main())
