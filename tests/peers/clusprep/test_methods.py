# SPDX-License-Identifier: LGPL-2.1-or-later
"""impacket calls each of the 43 methods and looks at every output field, over a played node."""
import contextlib
import multiprocessing
import pathlib
import shutil
import struct
import tempfile
import unittest
import uuid as uuids

import namespaces
import needs
import played_server

needs.modules('impacket')

from impacket.dcerpc.v5 import dcomrt  # noqa: E402

import csvp_methods  # noqa: E402
from csvp_methods import gpt, number, signature  # noqa: E402

OK = 0
SECONDS = 20
LUN0_GUID = '0f0e0d0c-0b0a-0908-0706-050403020100'


def wide(text):
    return text.encode('utf-16-le')


class Peer(unittest.TestCase):
    """Against a server of its own, with a fresh node."""

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.server = played_server.Server(cls.work)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    @contextlib.contextmanager
    def object_of(self, name):
        connection = dcomrt.DCOMConnection('127.0.0.1', played_server.USER, played_server.PASSWORD,
                                           '', oxidResolver=False)
        try:
            yield csvp_methods.Object(connection, name)
        finally:
            with contextlib.suppress(KeyError):  # it keeps one connection for each thread
                connection.disconnect()

    def expect(self, made, method, result, parameters, **outs):
        answer = made.call(method, **parameters)
        self.assertEqual(f'{answer.result:08x}', f'{result:08x}', method)
        for name, value in outs.items():
            self.assertEqual(answer[name], value, f'{method}: {name}')
        return answer


class Methods(Peer):
    def made(self, name):
        return self.enterContext(self.object_of(name))

    def storage(self, *attached):
        made = self.made('storage')
        self.assertEqual(made.call('CprepPrepareNode').result, OK)
        self.assertEqual(made.call('CprepPrepareNodePhase2', AttachDisksOnSystemBus=1).result, OK)
        for disk in attached:
            self.assertEqual(made.call('CprepDiskAttach', DiskId=disk).result, OK)
        return made

    def test_a_node_is_prepared_in_two_steps(self):
        made = self.made('storage')
        self.expect(made, 'CprepPrepareNodePhase2', 0x80070548, {'AttachDisksOnSystemBus': 1},
                    pulNumDisks=0)
        self.expect(made, 'CprepPrepareNode', OK, {}, pulMajorVersion=6, pulMinorVersion=1,
                    pdwCPrepVersion=3)
        self.expect(made, 'CprepPrepareNodePhase2', OK, {'AttachDisksOnSystemBus': 1},
                    pulNumDisks=3)
        self.expect(made, 'CprepPrepareNode', 0x80070548, {})

    def test_properties_of_each_kind_of_disk(self):
        made = self.storage()
        props = made.call('CprepDiskGetPropsOfGpt', DiskId=number(0))['DiskProps']
        self.assertEqual(props['DiskNumber'], 0)
        self.assertEqual((props['DiskId']['Type'], props['DiskId']['Tag']), (1, 1))
        self.assertEqual(uuids.UUID(bytes_le=props['DiskId']['Guid']), uuids.UUID(LUN0_GUID))
        self.assertEqual(props['DiskBusType'], 9)
        self.assertEqual(props['StackType'], 1)
        self.assertEqual([props[name] for name in ('Length', 'PortNumber', 'PathId', 'TargetId',
                                                   'Lun')], [8, 3, 0, 1, 5])
        self.assertEqual(props['DiskIsClusterable'], 1)
        self.assertEqual(props['AdapterDesc'],
                         wide('Software iSCSI initiator').ljust(520, b'\0'))
        self.assertEqual((props['NumPaths'], props['Flags']), (2, 0x0008a000))
        props = made.call('CprepDiskGetProps', DiskId=signature(0x1234abcd))['DiskProps']
        self.assertEqual(props['DiskNumber'], 1)
        self.assertEqual((props['DiskId']['Type'], props['DiskId']['Number']), (0, 0x1234abcd))
        self.assertEqual((props['DiskBusType'], props['NumPaths']), (6, 4))
        props = made.call('CprepDiskGetProps', DiskId=number(2))['DiskProps']
        self.assertEqual((props['DiskId']['Type'], props['DiskId']['Number']), (0xfa0, 2))
        self.assertEqual((props['DiskIsClusterable'], props['Flags']), (0, 0x4000))
        self.expect(made, 'CprepDiskGetProps', 0x80070002, {'DiskId': number(9)})

    def test_sectors_are_found_written_and_read(self):
        disk = number(1)
        made = self.storage(disk)
        self.expect(made, 'CprepDiskGetArbSectors', OK, {'DiskId': disk}, SectorX=11, SectorY=12)
        data = bytes(range(256)) * 2
        self.expect(made, 'CprepDiskRawWrite', OK,
                    {'DiskId': disk, 'ulSector': 11, 'cbData': 512, 'pbData': data},
                    pcbDataWritten=512, ulLatency=7)
        answer = self.expect(made, 'CprepDiskRawRead', OK,
                             {'DiskId': disk, 'ulSector': 11, 'cbData': 512},
                             pbData=data, pcbDataRead=512, ulLatency=7)
        self.assertEqual(answer.max_count, 512)
        whole = made.call('CprepDiskRawRead', DiskId=disk, ulSector=0, cbData=1024 * 1024)
        self.assertEqual((whole.result, whole['pcbDataRead']), (OK, 1024 * 1024))
        self.assertEqual(whole['pbData'][11 * 512:12 * 512], data)
        self.expect(made, 'CprepDiskRawWrite', 0x80070005,
                    {'DiskId': disk, 'ulSector': 5, 'cbData': 512, 'pbData': data},
                    pcbDataWritten=0, ulLatency=0)
        answer = self.expect(made, 'CprepDiskRawRead', 0x80070057,
                             {'DiskId': disk, 'ulSector': 0, 'cbData': 0xffffffff},
                             pbData=b'', pcbDataRead=0, ulLatency=0)
        self.assertEqual(answer.max_count, 0xffffffff)
        self.expect(made, 'CprepDiskIsReadable', OK, {'DiskId': disk})

    def test_unique_ids_and_dsms_fit_or_say_so(self):
        disk = number(0)
        made = self.storage(disk)
        needed = made.call('CprepDiskGetUniqueIds', DiskId=disk, cbData=0)
        self.assertEqual(needed.result, 0x8007007a)
        self.assertEqual((needed['pbData'], needed['pcbDataOut']), (b'', 0))
        answer = made.call('CprepDiskGetUniqueIds', DiskId=disk, cbData=needed['pcbNeeded'])
        self.assertEqual(answer.result, OK)
        data = answer['pbData']
        self.assertEqual(answer['pcbDataOut'], len(data))
        _, size, count = struct.unpack_from('<3I', data)
        self.assertEqual((size, count), (len(data), 2))
        ids = []
        offset = 12
        for _ in range(count):
            code_set, kind, length, following, association = struct.unpack_from('<IIHHI', data,
                                                                                offset)
            ids.append((code_set, kind, association, data[offset + 16:offset + 16 + length].hex()))
            offset += following
        self.assertEqual(ids, [(1, 3, 0, '600104050102030405060708090a0b0c'),
                               (1, 4, 1, '00000001')])
        self.expect(made, 'CprepDiskGetDsms', 0x800700ea, {'Size': 4 + 144}, pReserved=0,
                    RegisteredDsms=b'')
        answer = made.call('CprepDiskGetDsms', Size=4096)
        self.assertEqual((answer.result, answer['pReserved'], answer.max_count),
                         (OK, 4 + 2 * 144, 4096))
        dsms = answer['RegisteredDsms']
        self.assertEqual(struct.unpack_from('<I', dsms)[0], 2)
        self.assertEqual(dsms[4:132], wide('dm-multipath 0.9.4').ljust(128, b'\0'))
        self.assertEqual(struct.unpack_from('<4I', dsms, 132), (0, 9, 4, 0))

    def test_files_are_written_verified_and_deleted(self):
        disk = number(0)
        made = self.storage(disk)
        self.expect(made, 'CprepDiskOnline', OK, {'DiskId': disk}, MaxPartitionNumber=3)
        file = {'DiskId': disk, 'ulPartition': 0, 'FileName': '\\probe\\file.txt\0'}
        content = {'cbDataIn': 3, 'DataIn': b'abc'}
        self.expect(made, 'CprepDiskWriteFileData', OK, {**file, **content})
        self.expect(made, 'CprepDiskVerifyFileData', OK, {**file, **content})
        self.expect(made, 'CprepDiskVerifyFileData', 0x80070017,
                    {**file, 'cbDataIn': 3, 'DataIn': b'abd'})
        self.expect(made, 'CprepDiskDeleteFile', OK, file)
        self.expect(made, 'CprepDiskDeleteFile', 0x80070002, file)
        self.expect(made, 'CprepDiskDeleteFile', 0x8007007b, {**file, 'FileName': '..\\x\0'})
        for partition, name in ((0, 'NTFS'), (1, 'EXT4'), (2, 'RAW')):
            answer = made.call('CprepDiskGetFSName', DiskId=disk, Partition=partition)
            self.assertEqual(answer.result, OK)
            self.assertEqual(answer['FsName'], wide(name).ljust(200, b'\0'))
            self.expect(made, 'CprepDiskDiskPartitionIsNtfs', OK if name == 'NTFS' else 0x80070022,
                        {'DiskId': disk, 'ulPartition': partition})
        self.expect(made, 'CprepDiskVerifyUnique', OK, {'DiskId': disk})
        self.expect(made, 'CprepDiskVerifyUniqueByGuid', OK, {'DiskId': gpt(LUN0_GUID)})

    def test_reservations_ownership_and_offline(self):
        disk = number(1)
        made = self.storage(disk)

        def expect(method, result=OK, **outs):
            self.expect(made, method, result, {'DiskId': disk}, **outs)

        expect('CprepDiskPRRegister')
        expect('CprepDiskIsPRPresent', Present=0)
        expect('CprepDiskPRReserve')
        expect('CprepDiskIsPRPresent', Present=1)
        expect('CprepDiskPRPreempt')
        expect('CprepDiskPRRelease')
        expect('CprepDiskPRUnRegister')
        expect('CprepDiskPRClear', 0x800700aa)
        expect('CprepDiskPRRegister')
        expect('CprepDiskPRClear')
        expect('CprepDiskPRArbitrate')
        expect('CprepDiskStopDefense', 0x8007139f)
        expect('CprepDiskOffline')
        expect('CprepDiskIsOnline', 0x80070015)
        self.expect(made, 'CprepDiskGetFSName', 0x8007139f, {'DiskId': disk, 'Partition': 0})
        expect('CprepDiskStopDefense')
        expect('CprepDiskSetOnline')
        expect('CprepDiskIsOnline')
        other = {'DiskId': number(2)}
        self.expect(made, 'CprepDiskIsReadable', 0x80070002, other)
        self.expect(made, 'CprepDiskIsOnline', 0x80070490, other)
        self.expect(made, 'CprepDiskSetOnline', 0x80070490, other)
        for opnum in (8, 9, 10, 11, 15, 16, 21):
            self.expect(made, f'Opnum{opnum}NotUsedOnWire', 0x80004001, {})

    def test_the_network_is_initialized_pinged_and_described(self):
        made = self.made('network')
        message = {'SourceIPAddress': '192.0.2.10', 'DestIPAddress': '192.0.2.11',
                   'DestPort': 3343, 'AddressFamily': 2, 'MessageSize': 64, 'Timeout': 500}
        self.expect(made, 'SendRTMessage', 0x80070548, message, RTElapsedTime=0)
        self.expect(made, 'CleanupNode', 0x80070548, {})
        self.expect(made, 'InitializeNode', OK, {'RequestUDPPort': 0}, BoundUDPPort=3343,
                    NodeMajorVersion=6, NodeMinorVersion=1, ClusprepVersion=3)
        self.expect(made, 'SendRTMessage', OK, message, RTElapsedTime=7)
        self.expect(made, 'SendRTMessage', OK,
                    {**message, 'SourceIPAddress': 'fe80::1%2', 'DestIPAddress': 'fe80::2%2',
                     'AddressFamily': 0x17}, RTElapsedTime=7)
        self.expect(made, 'SendRTMessage', 0x80070057, {**message, 'AddressFamily': 10})
        self.expect(made, 'QueryFirewallConfiguration', OK, {}, serverRulesEnabled=1,
                    mgmtRulesEnabled=0)
        for filtered, adapters in ((0, 3), (1, 2)):
            answer = made.call('GetIpConfigSerialized', ApplyClusterFilter=filtered)
            self.assertEqual(answer.result, OK)
            array = answer['Data']
            data = b''.join(array['pData'])
            self.assertEqual([array[name] for name in ('cDims', 'fFeatures', 'cbElements', 'cLocks',
                                                       'sfType', 'clSize')],
                             [1, 0x80, 1, 0x110000, 0x10, len(data)])
            self.assertEqual([(bound['cElements'], bound['lLbound'])
                              for bound in array['rgsabound']], [(len(data), 0)])
            self.assertEqual(answer['pcbOut'], len(data))
            server = wide('node1.example.com')
            self.assertTrue(data.startswith(
                b'\x2e\0' + wide('class mscs::AdapterList') + struct.pack('<H', len(server)) +
                server + struct.pack('<H', adapters) + b'\x26\0' + wide('class mscs::Adapter')))
            self.assertEqual(data.count(b'\x26\0' + wide('class mscs::Adapter')), adapters)
            self.assertEqual(data.count(b'\x48\0'), 2 * adapters)
        self.expect(made, 'CleanupNode', OK, {})

    def test_an_evicted_node_is_cleaned_up_and_a_reservation_cleared(self):
        made = self.made('cleanup')
        self.expect(made, 'CleanUpEvictedNode', OK,
                    {'DelayBeforeCleanup': 0, 'TimeOut': 60000, 'Flags': 2})
        self.expect(made, 'CleanUpEvictedNode', 0x80070057,
                    {'DelayBeforeCleanup': 0, 'TimeOut': 60000, 'Flags': 4})
        storage = self.storage(number(0))
        self.expect(storage, 'CprepDiskPRRegister', OK, {'DiskId': number(0)})
        self.expect(storage, 'CprepDiskPRReserve', OK, {'DiskId': number(0)})
        self.expect(made, 'ClearPR', OK, {'DeviceNumber': 0})
        self.expect(storage, 'CprepDiskIsPRPresent', OK, {'DiskId': number(0)}, Present=0)
        self.expect(made, 'ClearPR', 0x80070002, {'DeviceNumber': 99})

    def test_the_secret_and_the_label(self):
        made = self.made('setup')
        answer = made.call('RetrieveSvcSecret')
        self.assertEqual(answer.result, 0x80070002)
        self.assertEqual((answer['SecretBLOB']['cBytes'], answer['SecretBLOB']['clSize']),
                         (0xffffffff, 0))
        self.expect(made, 'ConfigSvcSecret', OK, {'SecretBLOB': 'secr\0et'})
        answer = made.call('RetrieveSvcSecret')
        self.assertEqual(answer.result, OK)
        self.assertEqual((answer['SecretBLOB']['asData'], answer['SecretBLOB']['cBytes']),
                         ('secr\0et', 14))
        answer = made.call('RetrieveHostLabel')
        self.assertEqual((answer.result, answer['HostLabel']['asData']), (OK, 'node1'))

    def test_logs_are_gathered(self):
        made = self.made('log')
        for method, parameters in (('GenerateClusterLog', {}),
                                   ('GenerateTimeSpanLog', {'SpanMinutes': 90})):
            answer = made.call(method, **parameters)
            self.assertEqual((answer.result, answer['LogFilePath']['asData']),
                             (OK, 'ClusterLogs\\node1.log'))

    def test_firewalls_of_each_adapter(self):
        made = self.made('firewall')
        self.expect(made, 'GetNextAdapterFirewallConfiguration', 0x8000ffff, {'idx': 0})
        self.expect(made, 'InitializeAdapterConfiguration', OK, {}, cRetAdapters=3)
        wanted = [(0, 0, 1, 1), (1, 1, 1, 0), (2, 1, 1, 1)]
        for index, (profile, server, management, common) in enumerate(wanted):
            answer = self.expect(made, 'GetNextAdapterFirewallConfiguration', OK, {'idx': index},
                                 adapterProfile=profile, serverRulesEnabled=server,
                                 managementRulesEnabled=management, commonRulesEnabled=common)
            self.assertEqual(str(uuids.UUID(bytes_le=answer['adapterId'])),
                             f'{index + 1}0000000-0000-4000-8000-000000000001')
        self.expect(made, 'GetNextAdapterFirewallConfiguration', 0x80070057, {'idx': 3})


class Flows(Peer):
    """The message flows of section 4, from two clients at once."""

    def a_shared_lun_online(self):
        with self.object_of('storage') as made:
            self.expect(made, 'CprepPrepareNode', OK, {})
            self.expect(made, 'CprepPrepareNodePhase2', OK, {'AttachDisksOnSystemBus': 1},
                        pulNumDisks=3)
            props = made.call('CprepDiskGetProps', DiskId=number(1))['DiskProps']
            disk = {'DiskId': signature(props['DiskId']['Number'])}
            self.expect(made, 'CprepDiskAttach', OK, disk)
            self.expect(made, 'CprepDiskPRArbitrate', OK, disk)
            self.expect(made, 'CprepDiskOnline', OK, disk, MaxPartitionNumber=1)

    def validate_network_configuration(self):
        with self.object_of('network') as made:
            self.expect(made, 'InitializeNode', OK, {'RequestUDPPort': 5000}, BoundUDPPort=5000)
            self.expect(made, 'SendRTMessage', OK,
                        {'SourceIPAddress': '192.0.2.10', 'DestIPAddress': '192.0.2.11',
                         'DestPort': 5000, 'AddressFamily': 2, 'MessageSize': 64, 'Timeout': 500},
                        RTElapsedTime=7)
            self.expect(made, 'QueryFirewallConfiguration', OK, {}, serverRulesEnabled=1)
            self.expect(made, 'CleanupNode', OK, {})

    def cluster_setup(self):
        with self.object_of('setup') as made:
            self.expect(made, 'ConfigSvcSecret', OK, {'SecretBLOB': 'secret'})
            answer = self.expect(made, 'RetrieveSvcSecret', OK, {})
            self.assertEqual(answer['SecretBLOB']['asData'], 'secret')
            answer = self.expect(made, 'RetrieveHostLabel', OK, {})
            self.assertEqual(answer['HostLabel']['asData'], 'node1')

    def test_two_clients_go_through_all_flows_at_once(self):
        # Processes: impacket keeps its connections to one address for all threads.
        forked = multiprocessing.get_context('fork')
        together = forked.Barrier(2)

        def client():
            for flow in (self.a_shared_lun_online, self.validate_network_configuration,
                         self.cluster_setup):
                together.wait(SECONDS)
                flow()

        clients = [forked.Process(target=client) for _ in range(2)]
        for process in clients:
            process.start()
        for process in clients:
            process.join(60)
            if process.exitcode is None:
                process.kill()
            self.assertEqual(process.exitcode, 0)


if __name__ == '__main__':
    namespaces.own()  # where port 135 is free
    unittest.main(verbosity=2)
