#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Samba's Python client against our RPC server: each mechanism, signed and sealed."""
import os
import subprocess
import sys
import tempfile

import kerberos_realm

SERVER = os.environ['ECHO_SERVER']
CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'samba_echo_client.py')
NT_HASH_OF_SECRET = '878d8014606cda29677a44efa1353fc7'

COMBINATIONS = [
    f'{mechanism},{protection}'
    for mechanism in ('ntlm', 'spnego', 'krb5', 'spnego,krb5')
    for protection in ('sign', 'seal')
]
KERBEROS_ROUNDS = 5  # what fails now and then


def main():
    try:
        import samba.dcerpc.echo  # pylint: disable=unused-import,import-outside-toplevel
    except ImportError as error:
        print('skipped:', error)
        return 77
    if kerberos_realm.missing():
        print('skipped: not installed:', *kerberos_realm.missing())
        return 77
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        realm = kerberos_realm.Realm(directory)
        accounts = f'{directory}/accounts'
        with open(accounts, 'w', encoding='ascii', opener=lambda path, flags: os.open(
                path, flags, 0o600)) as file:
            file.write(f'alice:{NT_HASH_OF_SECRET}\n')
        environment = {**os.environ, **realm.environment}
        with open(f'{directory}/log', 'w+', encoding='utf-8') as log:
            server = subprocess.Popen([SERVER, accounts, realm.keytab], env=environment, text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
            port = server.stdout.readline().strip()

            def call(options, password='secret'):
                return subprocess.run(
                    ['/usr/bin/python3', CLIENT, port, options, realm.user, password],
                    env=environment, text=True, capture_output=True, timeout=60, check=False)

            def check(name, wanted, result):
                nonlocal failures
                good = wanted == (result.stdout.strip() == 'right')
                print('ok  ' if good else 'FAIL', name)
                if not good:
                    failures += 1
                    print(result.stdout, result.stderr)

            for options in COMBINATIONS:
                for _ in range(KERBEROS_ROUNDS if 'krb5' in options else 1):
                    check(options, True, call(options))
            check('wrong password', False, call('ntlm,seal', 'wrong'))
            check('wrong password in spnego', False, call('spnego,seal', 'wrong'))
            check('connect level is too low', False, call('ntlm,connect'))
            server.stdin.close()
            server.wait()
            log.seek(0)
            text = log.read()
            for expected in ('by LOCALHOST\\alice', 'by alice@EXAMPLE.ORG',
                             'unknown user or wrong password', 'lacks the required flags'):
                if expected not in text:
                    failures += 1
                    print('FAIL the server did not say', expected)
            if failures:
                print(text[-4000:])
        realm.stop()
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
