# SPDX-License-Identifier: LGPL-2.1-or-later
"""The 43 methods of MS-CSVP declared for impacket, whose NDR engine knows nothing of ours."""
import sys
import uuid as uuids

from impacket import uuid
from impacket.dcerpc.v5.dcom.oaut import BSTR
from impacket.dcerpc.v5.dcomrt import DCOMANSWER, DCOMCALL
from impacket.dcerpc.v5.dtypes import GUID, LONG, UCHAR, ULONG, USHORT, WSTR
from impacket.dcerpc.v5.ndr import (NDRPOINTER, NDRSMALL, NDRSTRUCT, NDRUniConformantArray,
                                    NDRUniConformantVaryingArray, NDRUniFixedArray)


class Bytes(NDRUniConformantArray):
    item = 'c'


class CountedBytes(NDRUniConformantVaryingArray, NDRUniFixedArray):
    item = 'c'


class Wide100(NDRUniFixedArray):
    def getDataLen(self, data, offset=0):
        return 200


class Wide260(NDRUniFixedArray):
    def getDataLen(self, data, offset=0):
        return 520


class DiskId(NDRSTRUCT):
    """Of a signature or a number; no enum of the IDL is v1_enum."""
    structure = (('Type', USHORT), ('Tag', USHORT), ('Number', ULONG))


class DiskGuid(NDRSTRUCT):
    structure = (('Type', USHORT), ('Tag', USHORT), ('Guid', GUID))


def props(identifier):
    """DISK_PROPS, with one of the two above."""
    class DiskProps(NDRSTRUCT):
        structure = (('DiskNumber', ULONG), ('DiskId', identifier), ('DiskBusType', ULONG),
                     ('StackType', USHORT), ('Length', ULONG), ('PortNumber', UCHAR),
                     ('PathId', UCHAR), ('TargetId', UCHAR), ('Lun', UCHAR),
                     ('DiskIsClusterable', LONG), ('AdapterDesc', Wide260),
                     ('NumPaths', ULONG), ('Flags', ULONG))
    return DiskProps


class PBytes(NDRPOINTER):
    referent = (('Data', Bytes),)


class Bound(NDRSTRUCT):
    structure = (('cElements', ULONG), ('lLbound', LONG))


class Bounds(NDRUniConformantArray):
    item = Bound


class SafeArrayOfBytes(NDRSTRUCT):
    """MS-OAUT 2.2.30.10 with the arm of SF_I1."""
    structure = (('cDims', USHORT), ('fFeatures', USHORT), ('cbElements', ULONG),
                 ('cLocks', ULONG), ('sfType', ULONG), ('clSize', ULONG), ('pData', PBytes),
                 ('rgsabound', Bounds))


class PSafeArrayOfBytes(NDRPOINTER):
    referent = (('Data', SafeArrayOfBytes),)


def number(value):
    disk = DiskId()
    disk['Type'] = disk['Tag'] = 0xfa0
    disk['Number'] = value
    return disk


def signature(value):
    disk = DiskId()
    disk['Type'] = disk['Tag'] = 0
    disk['Number'] = value
    return disk


def gpt(text):
    disk = DiskGuid()
    disk['Type'] = disk['Tag'] = 1
    disk['Guid'] = uuids.UUID(text).bytes_le
    return disk


class Method:
    """A method: `ins` and `outs` as impacket's structures, the HRESULT comes on top."""

    def __init__(self, name, opnum, ins=(), outs=()):
        self.outs = [field for field, _ in outs]
        self.call = type(name, (DCOMCALL,), {'opnum': opnum, 'structure': tuple(ins),
                                             '__module__': __name__})
        # impacket looks the answer's class up by its name.
        setattr(sys.modules[__name__], name + 'Response',
                type(name + 'Response', (DCOMANSWER,),
                     {'structure': (*outs, ('Result', ULONG)), '__module__': __name__}))


def on_disk(name, opnum, ins=(), outs=(), identifier=DiskId):
    return Method(name, opnum, (('DiskId', identifier), *ins), outs)


STORAGE = {method.call.__name__: method for method in (
    on_disk('CprepDiskRawRead', 3, (('ulSector', ULONG), ('cbData', ULONG)),
            (('pbData', CountedBytes), ('pcbDataRead', ULONG), ('ulLatency', ULONG))),
    on_disk('CprepDiskRawWrite', 4, (('ulSector', ULONG), ('cbData', ULONG), ('pbData', Bytes)),
            (('pcbDataWritten', ULONG), ('ulLatency', ULONG))),
    Method('CprepPrepareNode', 5, (), (('pulMajorVersion', ULONG), ('pulMinorVersion', ULONG),
                                       ('pdwCPrepVersion', ULONG))),
    Method('CprepPrepareNodePhase2', 6, (('AttachDisksOnSystemBus', ULONG),),
           (('pulNumDisks', ULONG),)),
    on_disk('CprepDiskGetProps', 7, (), (('DiskProps', props(DiskId)),)),
    on_disk('CprepDiskGetPropsOfGpt', 7, (), (('DiskProps', props(DiskGuid)),)),
    on_disk('CprepDiskStopDefense', 12),
    on_disk('CprepDiskOnline', 13, (), (('MaxPartitionNumber', ULONG),)),
    on_disk('CprepDiskVerifyUnique', 14),
    on_disk('CprepDiskVerifyUniqueByGuid', 14, identifier=DiskGuid),
    on_disk('CprepDiskWriteFileData', 17, (('ulPartition', ULONG), ('FileName', WSTR),
                                           ('cbDataIn', ULONG), ('DataIn', Bytes))),
    on_disk('CprepDiskVerifyFileData', 18, (('ulPartition', ULONG), ('FileName', WSTR),
                                            ('cbDataIn', ULONG), ('DataIn', Bytes))),
    on_disk('CprepDiskDeleteFile', 19, (('ulPartition', ULONG), ('FileName', WSTR))),
    on_disk('CprepDiskOffline', 20),
    on_disk('CprepDiskGetUniqueIds', 22, (('cbData', ULONG),),
            (('pbData', CountedBytes), ('pcbDataOut', ULONG), ('pcbNeeded', ULONG))),
    on_disk('CprepDiskAttach', 23),
    on_disk('CprepDiskPRArbitrate', 24),
    on_disk('CprepDiskPRRegister', 25),
    on_disk('CprepDiskPRUnRegister', 26),
    on_disk('CprepDiskPRReserve', 27),
    on_disk('CprepDiskPRRelease', 28),
    on_disk('CprepDiskDiskPartitionIsNtfs', 29, (('ulPartition', ULONG),)),
    on_disk('CprepDiskGetArbSectors', 30, (), (('SectorX', ULONG), ('SectorY', ULONG))),
    on_disk('CprepDiskIsPRPresent', 31, (), (('Present', ULONG),)),
    on_disk('CprepDiskPRPreempt', 32),
    on_disk('CprepDiskPRClear', 33),
    on_disk('CprepDiskIsOnline', 34),
    on_disk('CprepDiskSetOnline', 35),
    on_disk('CprepDiskGetFSName', 36, (('Partition', ULONG),), (('FsName', Wide100),)),
    on_disk('CprepDiskIsReadable', 37),
    Method('CprepDiskGetDsms', 38, (('Size', ULONG),),
           (('pReserved', ULONG), ('RegisteredDsms', CountedBytes))),
    *(Method(f'Opnum{opnum}NotUsedOnWire', opnum) for opnum in (8, 9, 10, 11, 15, 16, 21)),
)}

NETWORK = {method.call.__name__: method for method in (
    Method('SendRTMessage', 3, (('SourceIPAddress', BSTR), ('DestIPAddress', BSTR),
                                ('DestPort', USHORT), ('AddressFamily', USHORT),
                                ('MessageSize', ULONG), ('Timeout', ULONG)),
           (('RTElapsedTime', ULONG),)),
    Method('InitializeNode', 4, (('RequestUDPPort', USHORT),),
           (('BoundUDPPort', USHORT), ('NodeMajorVersion', ULONG), ('NodeMinorVersion', ULONG),
            ('ClusprepVersion', ULONG))),
    Method('GetIpConfigSerialized', 5, (('ApplyClusterFilter', NDRSMALL),),
           (('Data', PSafeArrayOfBytes), ('pcbOut', LONG))),
    Method('CleanupNode', 6),
    Method('QueryFirewallConfiguration', 7, (), (('serverRulesEnabled', NDRSMALL),
                                                 ('mgmtRulesEnabled', NDRSMALL))),
)}

CLEANUP = {method.call.__name__: method for method in (
    Method('CleanUpEvictedNode', 3, (('DelayBeforeCleanup', ULONG), ('TimeOut', ULONG),
                                     ('Flags', ULONG))),
    Method('ClearPR', 4, (('DeviceNumber', ULONG),)),
)}

SETUP = {method.call.__name__: method for method in (
    Method('ConfigSvcSecret', 3, (('SecretBLOB', BSTR),)),
    Method('RetrieveSvcSecret', 4, (), (('SecretBLOB', BSTR),)),
    Method('RetrieveHostLabel', 5, (), (('HostLabel', BSTR),)),
)}

LOG = {method.call.__name__: method for method in (
    Method('GenerateClusterLog', 3, (), (('LogFilePath', BSTR),)),
    Method('GenerateTimeSpanLog', 4, (('SpanMinutes', ULONG),), (('LogFilePath', BSTR),)),
)}

FIREWALL = {method.call.__name__: method for method in (
    Method('InitializeAdapterConfiguration', 3, (), (('cRetAdapters', ULONG),)),
    Method('GetNextAdapterFirewallConfiguration', 4, (('idx', ULONG),),
           (('adapterId', GUID), ('adapterProfile', USHORT), ('serverRulesEnabled', NDRSMALL),
            ('managementRulesEnabled', NDRSMALL), ('commonRulesEnabled', NDRSMALL))),
)}

# MS-CSVP 1.9: class, interface, methods.
CLASSES = {
    'storage': ('C72B09DB-4D53-4F41-8DCC-2D752AB56F7C', '12108A88-6858-4467-B92F-E6CF4568DFB6',
                STORAGE),
    'network': ('E1568352-586D-43E4-933F-8E6DC4DE317A', '2931C32C-F731-4C56-9FEB-3D5F1C5E72BF',
                NETWORK),
    'cleanup': ('A6D3E32B-9814-4409-8DE3-CFA673E6D3DE', 'D6105110-8917-41A5-AA32-8E0AA2933DC9',
                CLEANUP),
    'setup': ('04D55210-B6AC-4248-9E69-2A569D1D2AB6', '491260B5-05C9-40D9-B7F2-1F7BDAE0927F',
              SETUP),
    'log': ('88E7AC6D-C561-4F03-9A60-39DD768F867D', '85923CA7-1B6B-4E83-A2E4-F5BA3BFBB8A3', LOG),
    'firewall': ('3CFEE98C-FB4B-44C6-BD98-A1DB14ABCA3F', 'F1D6C29C-8FBE-4691-8724-F6D8DEAEAFC8',
                 FIREWALL),
}


class Answer(dict):
    """[out] parameters by name; `result` is the HRESULT, `max_count` of the array if there is one."""
    result = 0
    max_count = None


def plain(value):
    return b''.join(value) if isinstance(value, list) else value


class Object:
    """One object of a class, made over impacket's `connection`: by RemoteCreateInstance, or by `activation`."""

    def __init__(self, connection, name, activation=None):
        clsid, iid, self.methods = CLASSES[name]
        self.iid = uuid.string_to_bin(iid)
        activate = connection.CoCreateInstanceEx if activation is None else activation.RemoteActivation
        self.interface = activate(uuid.string_to_bin(clsid), self.iid)

    def call(self, name, **parameters):
        method = self.methods[name]
        request = method.call()
        for field, value in parameters.items():
            if isinstance(value, bytes):
                value = [bytes((byte,)) for byte in value]
            if isinstance(value, str) and request.fields[field].__class__ is BSTR:
                request[field]['asData'] = value
            else:
                request[field] = value
        request['ORPCthis'] = self.interface.get_cinstance().get_ORPCthis()
        request['ORPCthis']['flags'] = 0
        self.interface.connect(self.iid)
        response = self.interface.get_dce_rpc().request(request, self.interface.get_iPid(),
                                                        checkError=False)
        answer = Answer()
        for field in method.outs:
            value = response.fields[field]
            if isinstance(value, CountedBytes):
                answer.max_count = value.fields['MaximumCount']
            answer[field] = plain(response[field])
        answer.result = response['Result']
        return answer
