#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samba's Python client against our RPC server: each mechanism, signed and sealed."""
import sys

import echo_world
import kerberos_realm
import needs

COMBINATIONS = [
    f'{mechanism},{protection}'
    for mechanism in ('ntlm', 'spnego', 'krb5', 'spnego,krb5')
    for protection in ('sign', 'seal')
]
KERBEROS_ROUNDS = 5  # what fails now and then


def main():
    needs.modules('samba.dcerpc.echo')
    needs.tools(*kerberos_realm.TOOLS)
    with echo_world.EchoWorld() as world:

        def call(options, password=world.realm.password):
            return world.client('samba_echo_client.py', options, world.realm.user, password)

        for options in COMBINATIONS:
            for _ in range(KERBEROS_ROUNDS if 'krb5' in options else 1):
                world.check(options, *call(options))
        for options in ('ntlm,seal', 'spnego,seal'):
            right, said = call(options, 'wrong')
            world.check(f'{options} with a wrong password', not right, said)
        right, said = call('ntlm,connect')
        world.check('connect level is too low', not right, said)
        world.check_log('by LOCALHOST\\alice', 'by alice@EXAMPLE.ORG',
                        'unknown user or wrong password', 'lacks the required flags')
    return 1 if world.failures else 0


if __name__ == '__main__':
    sys.exit(main())
