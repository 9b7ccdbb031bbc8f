// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Each verb against the server's own sessions over a played node: which methods are called in which
// order, and what is told.
#include "tests/unit/clusprep/client/played_remote.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::client;

namespace {

void assert_ran(Desk& desk, const std::string& line, const std::string& calls,
                const std::string& out) {
    if (desk.run(line) != 0) print_error("%s: %s\n", line.c_str(), desk.err.c_str());
    assert_int_equal(desk.exit, 0);
    assert_text_equal(desk.listener.text(), calls);
    assert_text_equal(desk.out, out);
    assert_text_equal(desk.err, "");
}

#define PREPARED "IClusterStorage2 CprepPrepareNode CprepPrepareNodePhase2 "
#define ATTACHED PREPARED "CprepDiskAttach "

std::string read_back(const std::string& name) {
    std::FILE* const file = std::fopen(name.c_str(), "rb");
    assert_non_null(file);
    char bytes[4096];
    const std::size_t got = std::fread(bytes, 1, sizeof bytes, file);
    std::fclose(file);
    return {bytes, got};
}

void disks_are_listed(void**) {
    Desk desk;
    assert_ran(desk, "disk list n1",
               PREPARED "CprepDiskGetProps CprepDiskGetProps CprepDiskGetProps",
               "NUMBER  ID                                         BUS      PATHS  CLUSTERABLE  "
               "FLAGS\n"
               "0       guid:0f0e0d0c-0b0a-0908-0706-050403020100  iscsi    2      yes          "
               "gpt, basic, mpio\n"
               "1       signature:1234abcd                         fibre    4      yes          "
               "mbr, basic, mpio\n"
               "2       number:2                                   unknown  1      no           "
               "raw\n");
    assert_int_equal(desk.run("disk list n1 --json"), 0);
    assert_true(desk.out.starts_with(
        "{\"schema\":\"clusprep-1\",\"command\":\"disk list\",\"node\":\"n1\",\"disks\":[{"
        "\"number\":0,\"id\":\"guid:0f0e0d0c-0b0a-0908-0706-050403020100\",\"bus\":\"iscsi\","
        "\"paths\":2,\"clusterable\":true,\"adapter\":\"Software iSCSI initiator\","
        "\"flags\":[\"gpt\",\"basic\",\"mpio\"]},"));
}

void a_disk_is_shown_without_being_attached(void**) {
    Desk desk;
    assert_ran(desk, "disk props n1 signature:1234ABCD", PREPARED "CprepDiskGetProps",
               "Number:      1\n"
               "Identifier:  signature:1234abcd\n"
               "Bus:         fibre\n"
               "Adapter:     Fibre Channel HBA\n"
               "Paths:       4\n"
               "Clusterable: yes\n"
               "Flags:       mbr, basic, mpio\n");
    assert_ran(desk, "disk prepare n1", "IClusterStorage2 CprepPrepareNode CprepPrepareNodePhase2",
               "System version:   6.1\n"
               "ClusPrep version: 3\n"
               "Disks:            3\n");
}

void a_disk_goes_online_and_offline(void**) {
    Desk desk;
    assert_ran(desk, "disk attach n1 0", PREPARED "CprepDiskAttach",
               "Disk:  number:0\nState: attached\n");
    assert_ran(desk, "disk offline n1 0", ATTACHED "CprepDiskOffline",
               "Disk:  number:0\nState: offline\n");
    assert_int_equal(desk.run("disk is-online n1 0"), exit_no);
    assert_text_equal(desk.out, "Disk:   number:0\nOnline: no\n");
    assert_text_equal(desk.err, "");
    assert_ran(desk, "disk set-online n1 0", ATTACHED "CprepDiskSetOnline",
               "Disk:  number:0\nState: coming online\n");
    assert_ran(desk, "disk is-online n1 0", ATTACHED "CprepDiskIsOnline",
               "Disk:   number:0\nOnline: yes\n");
    assert_ran(desk, "disk online n1 0", ATTACHED "CprepDiskOnline",
               "Disk:       number:0\nState:      online\nPartitions: 3\n");
}

void two_disks_with_one_identifier_are_not_unique(void**) {
    Desk desk;
    assert_ran(desk, "disk unique n1 signature:1234abcd", ATTACHED "CprepDiskVerifyUnique",
               "Disk:   signature:1234abcd\nUnique: yes\n");
    desk.node.luns[2].disk.signature = 0x1234abcdu;
    assert_int_equal(desk.run("disk unique n1 signature:1234abcd"), exit_no);
    assert_text_equal(desk.out, "Disk:   signature:1234abcd\nUnique: no\n");
}

void a_sector_is_written_and_read_in_the_scratch_area(void**) {
    Desk desk;
    assert_ran(desk, "disk scratch n1 0", ATTACHED "CprepDiskGetArbSectors",
               "Disk:     number:0\nSector x: 11\nSector y: 12\n");
    assert_ran(desk, "disk write n1 0 y --text 'tic tac'",
               ATTACHED "CprepDiskGetArbSectors CprepDiskRawWrite",
               "Disk:    number:0\nSector:  12\nBytes:   512\nLatency: 7 ms\n");
    std::string dump = "00000000  74 69 63 20 74 61 63 00 00 00 00 00 00 00 00 00  "
                       "|tic tac.........|\n"
                       "00000010  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  "
                       "|................|\n"
                       "00000020  00                                               |.|\n";
    assert_ran(desk, "disk read n1 0 12 --bytes 33", ATTACHED "CprepDiskRawRead",
               "Disk:    number:0\nSector:  12\nBytes:   33\nLatency: 7 ms\nData:\n" + dump);
    assert_int_equal(desk.run("disk write n1 0 100 --text x"), exit_failed);
    assert_true(desk.err.find("CprepDiskRawWrite: 0x80070005 ERROR_ACCESS_DENIED") !=
                std::string::npos);
    assert_true(desk.err.find("disk scratch") != std::string::npos);
}

void more_than_a_sector_is_refused_before_the_node_hears_of_it(void**) {
    Desk desk;
    std::string line = "disk write n1 0 x --hex ";
    line.append(513 * 2, '0');
    assert_int_equal(desk.run(line), exit_usage);
    assert_text_equal(desk.listener.text(), "");
    assert_int_equal(desk.run("disk write n1 0 x --hex 0g"), exit_usage);
    assert_int_equal(desk.run("disk write n1 0 x --input /nowhere/at/all"), exit_usage);
    assert_text_equal(desk.listener.text(), "");
    assert_true(desk.err.find("/nowhere/at/all") != std::string::npos);
}

void bytes_go_to_a_file_that_only_we_may_read(void**) {
    Desk desk;
    desk.node.stored_secret = std::vector<std::uint8_t>{'a', 0, 0xff};
    char name[] = "/tmp/clusprep-output-XXXXXX";
    const int fd = ::mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(::write(fd, "much longer than that", 21), 21);
    ::close(fd);
    assert_ran(desk, std::string("setup secret get n1 --output ") + name,
               "IClusterSetup RetrieveSvcSecret", "Bytes: 3\n");
    assert_true(read_back(name) == std::string("a\0\xff", 3));
    ::unlink(name);
}

void identifiers_and_drivers_are_decoded(void**) {
    Desk desk;
    assert_ran(desk, "disk ids n1 0", ATTACHED "CprepDiskGetUniqueIds",
               "Disk: number:0\n"
               "\n"
               "OF           TYPE                CODE    IDENTIFIER\n"
               "logicalUnit  naa                 binary  60010405010203040506070809"
               "0a0b0c\n"
               "targetPort   relativeTargetPort  binary  00000001\n");
    assert_int_equal(desk.run("disk ids n1 1"), 0);
    assert_true(desk.out.find("t10   ascii  PLAYED  x\n") != std::string::npos);
    desk.node.luns[0].ids.assign(1, {1, 3, 0, std::vector<std::uint8_t>(6000, 0xab)});
    assert_int_equal(desk.run("disk ids n1 0"), 0);
    assert_text_equal(desk.listener.text(), ATTACHED "CprepDiskGetUniqueIds CprepDiskGetUniqueIds");
    assert_ran(desk, "disk dsms n1", PREPARED "CprepDiskGetDsms",
               "NAME                VERSION\n"
               "dm-multipath 0.9.4  0.9.4.0\n"
               "alua                2.0.0.0\n");
    desk.node.dsm_table.assign(40, {"many", 1, 2, 3, 4});
    assert_int_equal(desk.run("disk dsms n1"), 0);
    assert_text_equal(desk.listener.text(), PREPARED "CprepDiskGetDsms CprepDiskGetDsms");
    assert_int_equal(desk.run("disk readable n1 0"), 0);
    desk.node.luns[0].ids.clear();
    assert_int_equal(desk.run("disk ids n1 0"), exit_failed);
    assert_text_equal(desk.err,
                      "clusprep: n1: CprepDiskGetUniqueIds: 0x80070032 ERROR_NOT_SUPPORTED\n");
}

void reservations_are_one_method_each(void**) {
    Desk desk;
    const std::pair<const char*, const char*> verbs[] = {
        {"register", "Register"}, {"reserve", "Reserve"}, {"preempt", "Preempt"},
        {"release", "Release"},   {"clear", "Clear"},     {"unregister", "UnRegister"}};
    desk.node.luns[0].registered = true;
    for (const auto& [verb, method] : verbs) {
        const int exit = desk.run(std::string("pr ") + verb + " n1 0");
        if (exit != 0) print_error("%s: %s", verb, desk.err.c_str());
        assert_text_equal(desk.listener.text(), std::string(ATTACHED "CprepDiskPR") + method);
        desk.node.luns[0].registered = true;
        desk.node.luns[0].reserved = true;
        assert_int_equal(exit, 0);
    }
    assert_ran(desk, "pr present n1 0", ATTACHED "CprepDiskIsPRPresent",
               "Disk:     number:0\nReserved: yes\n");
    desk.node.luns[0].reserved = false;
    assert_int_equal(desk.run("pr present n1 0"), exit_no);
}

void ownership_ends_with_the_command(void**) {
    Desk desk;
    assert_ran(desk, "pr arbitrate n1 0", ATTACHED "CprepDiskPRArbitrate",
               "Disk: number:0\nDone: the node could take ownership; it is given up again\n");
    assert_true(desk.node.luns[0].state.ownership == csvp::Ownership::NotOwned);
    assert_int_equal(desk.run("pr stop-defense n1 0"), exit_failed);
    assert_true(desk.err.find("0x8007139F ERROR_INVALID_STATE") != std::string::npos);
    assert_true(desk.err.find("clusprep session") != std::string::npos);
}

void a_file_is_written_on_a_disk_that_is_owned_and_online_meanwhile(void**) {
    Desk desk;
    desk.node.luns[0].state.online = false;
    assert_ran(desk, "file write n1 0 0 /dir/a.txt --text hello",
               ATTACHED "CprepDiskIsOnline CprepDiskPRArbitrate CprepDiskOnline CprepDiskGetFSName "
                        "CprepDiskWriteFileData CprepDiskOffline CprepDiskStopDefense",
               "Disk:      number:0\nPartition: 0\nFile:      \\dir\\a.txt\nBytes:     5\n");
    assert_false(desk.node.luns[0].state.online);
    assert_true(desk.node.luns[0].state.ownership == csvp::Ownership::NotOwned);
    assert_int_equal(desk.run("file verify n1 0 0 '\\dir\\a.txt' --text hello"), 0);
    assert_int_equal(desk.run("file verify n1 0 0 '\\dir\\a.txt' --text hullo"), exit_no);
    assert_true(desk.out.find("Matches:   no\n") != std::string::npos);
    assert_int_equal(desk.run("file delete n1 0 0 '\\dir\\a.txt'"), 0);
    assert_int_equal(desk.run("file delete n1 0 0 '\\dir\\a.txt'"), exit_failed);
    assert_true(desk.err.find("no such file") != std::string::npos);
    assert_false(desk.node.luns[0].state.online); // put back after a failure too
}

void files_are_only_for_ntfs_unless_asked(void**) {
    Desk desk;
    assert_int_equal(desk.run("file write n1 0 1 /a --text x"), exit_usage);
    assert_true(desk.err.find("EXT4, not NTFS") != std::string::npos);
    assert_int_equal(desk.run("file write n1 0 1 /a --text x --any-file-system"), 0);
}

void partitions_are_looked_at_online(void**) {
    Desk desk;
    desk.node.luns[0].state.online = false;
    assert_ran(desk, "partition fs n1 0 1",
               ATTACHED "CprepDiskIsOnline CprepDiskPRArbitrate CprepDiskOnline CprepDiskGetFSName "
                        "CprepDiskOffline CprepDiskStopDefense",
               "Disk:        number:0\nPartition:   1\nFile system: EXT4\n");
    assert_int_equal(desk.run("partition is-ntfs n1 0 0"), 0);
    assert_int_equal(desk.run("partition is-ntfs n1 0 1"), exit_no);
    assert_int_equal(desk.run("partition fs n1 0 9"), exit_failed);
    assert_true(desk.err.find("no such partition") != std::string::npos);
}

void adapters_are_listed_with_addresses_and_guids(void**) {
    Desk desk;
    assert_ran(desk, "network adapters n1", "IClusterNetwork2 InitializeNode GetIpConfigSerialized",
               "Server: node1.example.com\n"
               "\n"
               "ADAPTER  TYPE      STATUS  PHYSICAL ADDRESS   ADDRESSES                    "
               "GATEWAYS   DHCP  GUID\n"
               "LAN      ethernet  up      52-54-00-AB-CD-EF  192.0.2.10/24, fe80::1%2/64  "
               "192.0.2.1  yes   10000000-0000-4000-8000-000000000001\n"
               "Private  ethernet  up      52-54-00-AB-CD-EF  10.0.0.10/8                  "
               "-          no    20000000-0000-4000-8000-000000000001\n");
    assert_int_equal(desk.run("network adapters n1 --all --json"), 0);
    assert_true(desk.out.find("\"type\":\"loopback\"") != std::string::npos);
    assert_true(desk.out.find("\"guids\":[\"10000000-0000-4000-8000-000000000001\","
                              "\"10000000-0000-4000-8000-000000000002\"]") != std::string::npos);
}

void the_network_is_tried_and_its_firewall_judged(void**) {
    Desk desk;
    assert_ran(desk, "network initialize n1", "IClusterNetwork2 InitializeNode",
               "System version:   6.1\nClusPrep version: 3\nUDP port:         3343\n");
    assert_ran(desk, "network ping n1 192.0.2.10 192.0.2.1",
               "IClusterNetwork2 InitializeNode SendRTMessage",
               "Source:      192.0.2.10\nDestination: 192.0.2.1\nElapsed:     7 ms\n");
    assert_int_equal(desk.run("network ping n1 fe80::1%2 fe80::2%2"), 0);
    desk.node.failures["echo"] = {csvp::Hresult::Timeout, {}};
    assert_int_equal(desk.run("network ping n1 192.0.2.10 192.0.2.1"), exit_failed);
    assert_true(desk.err.find("0x800705B4 ERROR_TIMEOUT") != std::string::npos);
    assert_int_equal(desk.run("network firewall n1"), exit_no);
    assert_text_equal(desk.out, "Node to node: allowed\nManagement:   not allowed\n");
    assert_ran(desk, "network cleanup n1", "IClusterNetwork2 InitializeNode CleanupNode",
               "State: cleaned up\n");
    assert_ran(desk, "firewall n1",
               "IClusterFirewall InitializeAdapterConfiguration "
               "GetNextAdapterFirewallConfiguration GetNextAdapterFirewallConfiguration "
               "GetNextAdapterFirewallConfiguration",
               "ADAPTER                               PROFILE              NODE TO NODE  "
               "MANAGEMENT  COMMON\n"
               "10000000-0000-4000-8000-000000000001  public               no            "
               "yes         yes\n"
               "20000000-0000-4000-8000-000000000001  private              yes           "
               "yes         no\n"
               "30000000-0000-4000-8000-000000000001  domainAuthenticated  yes           "
               "yes         yes\n");
}

void the_secret_is_stored_and_read(void**) {
    Desk desk;
    assert_int_equal(desk.run("setup secret get n1"), exit_failed);
    assert_true(desk.err.find("setup secret set") != std::string::npos);
    char name[] = "/tmp/clusprep-secret-XXXXXX";
    const int fd = ::mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(::write(fd, "\0\1x", 3), 3);
    ::close(fd);
    assert_ran(desk, std::string("setup secret set n1 -i ") + name, "IClusterSetup ConfigSvcSecret",
               "Bytes stored: 3\n");
    ::unlink(name);
    assert_ran(desk, "setup secret get n1", "IClusterSetup RetrieveSvcSecret",
               "Bytes:  3\nSecret: 000178\n");
    assert_ran(desk, "setup label n1", "IClusterSetup RetrieveHostLabel", "Host label: node1\n");
}

void logs_are_told_as_a_path_on_the_node(void**) {
    Desk desk;
    assert_ran(desk, "log all n1", "IClusterLog GenerateClusterLog",
               "Log file: \\\\n1\\ClusterLogs\\node1.log\n");
    assert_int_equal(desk.run("log span n1 90 --json"), 0);
    assert_true(desk.out.find("\"path\":\"ClusterLogs\\\\node1.log\"") != std::string::npos);
    assert_int_equal(desk.node.log_span->count(), 90);
}

void an_evicted_node_is_cleaned_up_as_the_flags_say(void**) {
    Desk desk;
    assert_ran(desk, "cleanup node n1 --wait 5 --no-wait", "IClusterCleanup CleanUpEvictedNode",
               "State: cleaned up\n");
    assert_true(desk.node.cleanup_order.has_value());
    assert_int_equal(desk.node.cleanup_order->timeout.count(), 5000);
    assert_true(desk.node.cleanup_order->stop_service);
    assert_false(desk.node.cleanup_order->wait_for_service);
    assert_int_equal(desk.run("cleanup node n1 --keep-service"), 0);
    assert_false(desk.node.cleanup_order->stop_service);
}

void a_failure_is_told_with_what_may_help(void**) {
    Desk desk;
    const auto helps = [&](const char* operation, csvp::Hresult result, const char* line,
                           const char* advice) {
        desk.node.failures[operation] = {result, {}};
        assert_int_equal(desk.run(line), exit_failed);
        if (desk.err.find(advice) == std::string::npos) fail_msg("%s: %s", line, desk.err.c_str());
        desk.node.failures.clear();
    };
    using csvp::Hresult;
    helps("reserve", Hresult::Busy, "pr reserve n1 0", "'clusprep pr register'");
    helps("release", Hresult::Busy, "pr release n1 0", "'clusprep pr register'");
    helps("read", Hresult::InvalidParameter, "disk read n1 0 99", "is that sector on the disk");
    helps("read", Hresult::SemaphoreTimeout, "disk read n1 0 99",
          "did not answer the node in time");
    helps("read", Hresult::IoDevice, "disk read n1 0 99", "mpapid does not run");
    helps("echo", Hresult::Failed, "network ping n1 192.0.2.10 192.0.2.1",
          "ipfailoverd does not run");
    helps("echo", Hresult::Busy, "network ping n1 192.0.2.10 192.0.2.1", "too many of them");
    helps("echo", Hresult::InvalidParameter, "network ping n1 192.0.2.10 192.0.2.1",
          "has to be an address of the node");
    desk.remote.refuses = Failure{Failure::Kind::Refused, "", "", 0x8007000e, {}};
    assert_int_equal(desk.run("setup label n1"), exit_failed);
    assert_true(desk.err.find("no room for another object") != std::string::npos);
}

void what_is_no_address_is_not_sent(void**) {
    Desk desk;
    for (const char* line :
         {"network ping n1 192.0.2.10 banana", "network ping n1 fe80::1 192.0.2.1",
          "flow network n1 lan 192.0.2.1"}) {
        assert_int_equal(desk.run(line), exit_usage);
        assert_true(desk.err.starts_with("clusprep: read address "));
        assert_true(desk.node.echoes.empty());
    }
}

void reservations_are_cleared_by_the_numbers_of_a_prepared_object(void**) {
    Desk desk;
    assert_ran(desk, "cleanup pr n1 1",
               "IClusterStorage2 CprepPrepareNode CprepPrepareNodePhase2 IClusterCleanup ClearPR",
               "Disk: 1\nDone: no reservation and no key is left\n");
    assert_text_equal(desk.node.calls.back(), "register_and_clear lun1");
    assert_int_equal(desk.run("cleanup pr n1 9"), exit_failed);
    assert_true(desk.err.find("no such disk") != std::string::npos);
}

void an_answer_that_is_none_is_told_as_such(void**) {
    Desk desk;
    desk.remote.instead.emplace(5, std::vector<std::uint8_t>{1, 2, 3});
    assert_int_equal(desk.run("disk list n1"), exit_garbled);
    assert_true(desk.err.starts_with("clusprep: n1: CprepPrepareNode: "));
}

void a_fault_and_a_lost_connection_are_told_with_node_and_method(void**) {
    Desk desk;
    desk.remote.instead.emplace(6, Failure{Failure::Kind::Fault, "", "", 5, {}});
    assert_int_equal(desk.run("disk list n1"), exit_denied);
    assert_true(desk.err.starts_with("clusprep: n1: CprepPrepareNodePhase2: access denied"));
    desk.remote.instead.emplace(
        7, Failure{Failure::Kind::Unreachable, "", "", 0, {"read", "192.0.2.1", "closed"}});
    assert_int_equal(desk.run("disk list n1"), exit_unreachable);
    assert_true(desk.err.starts_with("clusprep: n1: CprepDiskGetProps: read 192.0.2.1: closed\n"));
    desk.remote.refuses = Failure{Failure::Kind::Refused, "", "", 0x80040154, {}};
    assert_int_equal(desk.run("disk list n1 --json"), exit_failed);
    assert_true(desk.err.find("\"error\":\"refused\"") != std::string::npos);
    assert_true(desk.err.find("REGDB_E_CLASSNOTREG") != std::string::npos);
}

void nothing_is_begun_after_an_interrupt(void**) {
    Desk desk;
    desk.listener.interrupted = true;
    assert_int_equal(desk.run("disk list n1"), exit_usage);
    assert_text_equal(desk.err, "clusprep: n1: IClusterStorage2: interrupted\n");
    assert_true(desk.node.calls.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(disks_are_listed),
        cmocka_unit_test(a_disk_is_shown_without_being_attached),
        cmocka_unit_test(a_disk_goes_online_and_offline),
        cmocka_unit_test(two_disks_with_one_identifier_are_not_unique),
        cmocka_unit_test(a_sector_is_written_and_read_in_the_scratch_area),
        cmocka_unit_test(more_than_a_sector_is_refused_before_the_node_hears_of_it),
        cmocka_unit_test(bytes_go_to_a_file_that_only_we_may_read),
        cmocka_unit_test(identifiers_and_drivers_are_decoded),
        cmocka_unit_test(reservations_are_one_method_each),
        cmocka_unit_test(ownership_ends_with_the_command),
        cmocka_unit_test(a_file_is_written_on_a_disk_that_is_owned_and_online_meanwhile),
        cmocka_unit_test(files_are_only_for_ntfs_unless_asked),
        cmocka_unit_test(partitions_are_looked_at_online),
        cmocka_unit_test(adapters_are_listed_with_addresses_and_guids),
        cmocka_unit_test(the_network_is_tried_and_its_firewall_judged),
        cmocka_unit_test(the_secret_is_stored_and_read),
        cmocka_unit_test(logs_are_told_as_a_path_on_the_node),
        cmocka_unit_test(an_evicted_node_is_cleaned_up_as_the_flags_say),
        cmocka_unit_test(a_failure_is_told_with_what_may_help),
        cmocka_unit_test(what_is_no_address_is_not_sent),
        cmocka_unit_test(reservations_are_cleared_by_the_numbers_of_a_prepared_object),
        cmocka_unit_test(an_answer_that_is_none_is_told_as_such),
        cmocka_unit_test(a_fault_and_a_lost_connection_are_told_with_node_and_method),
        cmocka_unit_test(nothing_is_begun_after_an_interrupt),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
