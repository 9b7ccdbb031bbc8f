# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Kerberos realm of the test's own: MIT's KDC on a loopback port, everything in a directory."""
import os
import socket
import subprocess

import needs

REALM = 'EXAMPLE.ORG'
TOOLS = ('kdb5_util', 'kadmin.local', 'krb5kdc', 'kinit')


def _free_port():
    for _ in range(20):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(('127.0.0.1', 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]
    raise OSError('no port is free for both TCP and UDP')


class Realm:
    """`environment` is what clients and servers of the realm need; `keytab` has the services'
    keys, `tickets` a cache of the user `user`, whose password is `password`."""

    user = 'alice'
    password = 'secret'

    def __init__(self, directory, services=('host/localhost',)):
        port = _free_port()
        self.directory = directory
        self.keytab = f'{directory}/keytab'
        self.tickets = f'FILE:{directory}/tickets'
        self.environment = {
            'KRB5_CONFIG': f'{directory}/krb5.conf',
            'KRB5_KDC_PROFILE': f'{directory}/kdc.conf',
            'KRB5CCNAME': self.tickets,
        }
        with open(f'{directory}/krb5.conf', 'w', encoding='ascii') as conf:
            conf.write(f'''[libdefaults]
  default_realm = {REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  {REALM} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {REALM}
[logging]
  kdc = STDERR
''')
        with open(f'{directory}/kdc.conf', 'w', encoding='ascii') as conf:
            conf.write(f'''[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {REALM} = {{
    database_name = {directory}/principal
    key_stash_file = {directory}/stash
    supported_enctypes = aes256-cts:normal aes128-cts:normal
  }}
''')
        self._run('kdb5_util', 'create', '-s', '-r', REALM, '-P', 'master')
        self._run('kadmin.local', '-q', f'addprinc -pw {self.password} {self.user}')
        for service in services:
            self._run('kadmin.local', '-q', f'addprinc -randkey {service}')
            self._run('kadmin.local', '-q', f'ktadd -k {self.keytab} {service}')
        self._kdc = subprocess.Popen(['krb5kdc', '-n'], env=self._environment(), text=True,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self._kdc.stderr:
            if 'commencing operation' in line:
                break
        else:
            raise OSError('krb5kdc did not start')
        self._run('kinit', '-c', self.tickets, self.user, input=self.password)

    def _environment(self):
        return {**os.environ, **self.environment, 'PATH': needs.PATH}

    def _run(self, *command, **more):
        subprocess.run(command, env=self._environment(), check=True, text=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)

    def stop(self):
        self._kdc.terminate()
        self._kdc.communicate()
