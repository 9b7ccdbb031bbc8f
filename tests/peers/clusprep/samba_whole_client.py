# SPDX-License-Identifier: LGPL-2.1-or-later
"""samba_whole_client.py OPTIONS USER PASSWORD CLASS: Samba's client activates an object and calls methods of it.

Samba brings the connection, authentication and sealing, whose signatures it checks; the stubs are impacket's. A
program of its own, for Samba's state is the process's. Prints what it was answered as JSON."""
import json
import struct
import sys

from impacket import uuid
from impacket.dcerpc.v5 import dcomrt
from samba import credentials, param
from samba.dcerpc import base, epmapper

import csvp_methods
from csvp_methods import CLASSES, number

options, user, password, name = sys.argv[1:]
lp = param.LoadParm()
lp.set('workgroup', 'NODE1')
lp.set('realm', 'EXAMPLE.ORG')
who = credentials.Credentials()
who.guess(lp)
who.set_username(user)
who.set_password(password)
if 'krb5' in options:
    who.set_realm('EXAMPLE.ORG')
    who.set_kerberos_state(credentials.MUST_USE_KERBEROS)
else:
    who.set_domain('NODE1')
    who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
known = []  # which Samba's objects do not keep alive themselves


def connect(port, interface):
    # By address: Samba's own resolver fails for "localhost" now and then. Samba authenticates with interfaces that it
    # knows only, so the first one is the endpoint map's.
    binding = f'ncacn_ip_tcp:127.0.0.1[{port},target_hostname=localhost,{options}]'
    known.append(epmapper.epmapper(binding, lp, who))
    return base.ClientConnection(binding, (interface, 0), lp, who, basis_connection=known[-1])


clsid, iid, methods = CLASSES[name]
this = dcomrt.ORPCTHIS()
this['cid'] = uuid.generate()
this['extensions'] = dcomrt.NULL
this['flags'] = 1

activation = dcomrt.RemoteActivation()
activation['ORPCthis'] = this
activation['Clsid'] = uuid.string_to_bin(clsid)
activation['pwszObjectName'] = dcomrt.NULL
activation['pObjectStorage'] = dcomrt.NULL
activation['ClientImpLevel'] = 2
activation['Mode'] = 0
activation['Interfaces'] = 1
wanted = dcomrt.IID()
wanted['Data'] = uuid.string_to_bin(iid)
activation['pIIDs'].append(wanted)
activation['cRequestedProtseqs'] = 1
activation['aRequestedProtseqs'].append(7)
scm = connect(135, '4d9f4ab8-7d1c-11cf-861e-0020af6e7c57')
answer = dcomrt.RemoteActivationResponse(scm.request(0, activation.getData()))
assert answer['ErrorCode'] == 0 and answer['phr'] == 0, answer.dump()
reference = dcomrt.OBJREF_STANDARD(b''.join(answer['ppInterfaceData'][0]['abData']))
standard = reference['std']
bindings = b''.join(struct.pack('<H', each) for each in answer['ppdsaOxidBindings']['aStringArray'])
text = bindings.decode('utf-16-le', 'replace')
port = int(text[text.index('[') + 1:text.index(']')])
there = connect(port, iid)
ipid = uuid.bin_to_string(standard['ipid']).lower()


def call(method, **parameters):
    request = methods[method].call()
    request['ORPCthis'] = this
    request['ORPCthis']['flags'] = 0
    for field, value in parameters.items():
        if isinstance(value, str):
            request[field]['asData'] = value
        else:
            request[field] = value
    told = there.request(methods[method].call.opnum, request.getData(), object=ipid)
    response = getattr(csvp_methods, method + 'Response')(told)
    return response


found = {}
if name == 'setup':
    found['set'] = call('ConfigSvcSecret', SecretBLOB='of samba')['Result']
    answer = call('RetrieveSvcSecret')
    found['secret'] = answer['SecretBLOB']['asData']
    answer = call('RetrieveHostLabel')
    found['label'] = answer['HostLabel']['asData']
else:
    answer = call('CprepPrepareNode')
    found['version'] = [answer['pulMajorVersion'], answer['pdwCPrepVersion'], answer['Result']]
    found['disks'] = call('CprepPrepareNodePhase2', AttachDisksOnSystemBus=1)['pulNumDisks']
    found['attached'] = call('CprepDiskAttach', DiskId=number(0))['Result']
    answer = call('CprepDiskRawRead', DiskId=number(0), ulSector=0, cbData=65536)
    found['read'] = [len(answer['pbData']), answer['pcbDataRead'], answer['Result']]
    found['not allowed'] = call('CprepDiskAttach', DiskId=number(1))['Result']
    found['refused'] = call('CprepDiskPRRegister', DiskId=number(1))['Result']
print(json.dumps(found))
