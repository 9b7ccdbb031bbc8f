# SPDX-License-Identifier: LGPL-2.1-or-later
"""impacket_echo_client.py PORT ntlm|kerberos sign|seal USER PASSWORD: impacket calls rpcecho.

Kerberos takes its ticket from the cache. impacket frames its AP-REQ in SPNEGO."""
import struct
import sys

from impacket.dcerpc.v5 import rpcrt, transport
from impacket.uuid import uuidtup_to_bin

port, mechanism, protection, user, password = sys.argv[1:]
wire = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:127.0.0.1[{port}]')
wire.setRemoteName('localhost')
kerberos = mechanism == 'kerberos'
wire.set_credentials(user, password, 'EXAMPLE.ORG' if kerberos else 'EXAMPLE')
wire.set_kerberos(kerberos, 'localhost')
client = wire.get_dce_rpc()
client.set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE if kerberos else rpcrt.RPC_C_AUTHN_WINNT)
client.set_auth_level(rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY if protection == 'seal' else
                      rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY)
client.connect()
client.bind(uuidtup_to_bin(('60a15ec5-4de8-11d7-a637-005056a20182', '1.0')))
for value in range(20):
    client.call(0, struct.pack('<I', value))
    assert struct.unpack('<I', client.recv())[0] == value + 1
for size in (0, 1, 1000, 3000):
    data = bytes(i % 251 for i in range(size))
    client.call(1, struct.pack('<II', size, size) + data)
    assert client.recv()[:4 + size] == struct.pack('<I', size) + data, size
print('right')
