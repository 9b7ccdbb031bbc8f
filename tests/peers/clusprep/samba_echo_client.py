# SPDX-License-Identifier: LGPL-2.1-or-later
"""samba_echo_client.py PORT OPTIONS USER PASSWORD: Samba's client calls rpcecho, sealed or signed.

It checks our signatures. A program of its own, for Samba's state is the process's."""
import sys

from samba import credentials, param
from samba.dcerpc import echo

port, options, user, password = sys.argv[1:]
lp = param.LoadParm()
lp.set('workgroup', 'EXAMPLE')
lp.set('realm', 'EXAMPLE.ORG')
who = credentials.Credentials()
who.guess(lp)
who.set_username(user)
who.set_password(password)
if 'krb5' in options:
    who.set_realm('EXAMPLE.ORG')
    who.set_kerberos_state(credentials.MUST_USE_KERBEROS)
else:
    who.set_domain('EXAMPLE')
    who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
# By address: Samba's own resolver answers NT_STATUS_NO_MEMORY for "localhost" now and then, before
# anything is sent.
binding = f'ncacn_ip_tcp:127.0.0.1[{port},target_hostname=localhost,{options}]'
client = echo.rpcecho(binding, lp, who)
for value in range(20):
    assert client.AddOne(value) == value + 1
for size in (0, 1, 3, 4, 1000, 5000, 100000):
    data = [i % 251 for i in range(size)]
    assert list(client.EchoData(data)) == data, size
print('right')
