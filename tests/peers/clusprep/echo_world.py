# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clients of rpcecho need: a realm, an account, and our server with both."""
import os
import subprocess
import tempfile

import kerberos_realm

NT_HASH_OF_SECRET = '878d8014606cda29677a44efa1353fc7'


class EchoWorld:
    """Within a `with`; counts what check() finds wrong and shows the server's log for it."""

    def __init__(self):
        self.failures = 0
        self._directory = tempfile.TemporaryDirectory()
        directory = self._directory.name
        self.realm = kerberos_realm.Realm(directory)
        self.environment = {**os.environ, **self.realm.environment}
        accounts = f'{directory}/accounts'
        with open(accounts, 'w', encoding='ascii',
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(f'{self.realm.user}:{NT_HASH_OF_SECRET}\n')
        self._log = open(f'{directory}/log', 'w+', encoding='utf-8')
        self._server = subprocess.Popen(
            [os.environ['ECHO_SERVER'], accounts, self.realm.keytab], env=self.environment,
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)
        self.port = self._server.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.stdin.close()
        self._server.wait()
        if self.failures:
            print(self.log()[-4000:])
        self._log.close()
        self.realm.stop()
        self._directory.cleanup()

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def client(self, program, *arguments):
        """Whether a client, a program beside this one, printed `right`; and all it said."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), program)
        result = subprocess.run(['/usr/bin/python3', path, self.port, *arguments],
                                env=self.environment, text=True, capture_output=True, timeout=60,
                                check=False)
        return result.stdout.strip() == 'right', result.stdout + result.stderr

    def check(self, name, good, said=''):
        print('ok  ' if good else 'FAIL', name)
        if not good:
            self.failures += 1
            print(said)

    def check_log(self, *expected):
        log = self.log()
        for text in expected:
            self.check(f'the server said: {text}', text in log)
