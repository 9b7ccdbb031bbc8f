// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What goes over several methods: the message flows of MS-CSVP section 4, and sessions.
#include "tests/unit/clusprep/client/played_remote.hpp"

#include <cstdlib>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::client;

namespace {

std::string secret_file() {
    char name[] = "/tmp/clusprep-secret-XXXXXX";
    const int fd = ::mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(::write(fd, "shared", 6), 6);
    ::close(fd);
    return name;
}

void a_shared_disk_is_brought_online_step_by_step(void**) {
    Desk desk;
    desk.node.luns[0].state.online = false;
    assert_int_equal(desk.run("flow online n1 0"), 0);
    assert_text_equal(desk.out, " 1  connect                     ok          5 ms\n"
                                " 2  CprepPrepareNode            ok          5 ms  version 6.1\n"
                                " 3  CprepPrepareNodePhase2      ok          5 ms  3 disks\n"
                                " 4  CprepDiskGetProps           ok          5 ms  "
                                "guid:0f0e0d0c-0b0a-0908-0706-050403020100\n"
                                " 5  CprepDiskAttach             ok          5 ms\n"
                                " 6  CprepDiskPRArbitrate        ok          5 ms\n"
                                " 7  CprepDiskOnline             ok          5 ms  3 partitions\n");
    assert_text_equal(desk.listener.text(),
                      "IClusterStorage2 CprepPrepareNode CprepPrepareNodePhase2 CprepDiskGetProps "
                      "CprepDiskAttach CprepDiskPRArbitrate CprepDiskOnline");
    assert_false(desk.node.luns[0].state.online); // the object is gone
}

void a_flow_ends_at_the_step_that_fails(void**) {
    Desk desk;
    desk.node.failures["arbitrate"] = {csvp::Hresult::Busy, {}};
    assert_int_equal(desk.run("flow online n1 0"), exit_failed);
    assert_true(desk.out.ends_with(
        " 6  CprepDiskPRArbitrate        failed      5 ms  0x800700AA ERROR_BUSY\n"));
    assert_true(
        desk.err.starts_with("clusprep: n1: CprepDiskPRArbitrate: 0x800700AA ERROR_BUSY\n"));
    assert_true(desk.err.find("another node owns the disk") != std::string::npos);
}

void programs_get_a_flow_as_one_document(void**) {
    Desk desk;
    assert_int_equal(desk.run("flow online n1 0 --json"), 0);
    assert_true(desk.out.starts_with(
        "{\"schema\":\"clusprep-1\",\"command\":\"flow online\",\"node\":\"n1\",\"steps\":[{"
        "\"step\":1,\"name\":\"connect\",\"milliseconds\":5,\"result\":\"\"},"));
    assert_true(desk.out.ends_with("\"result\":\"3 partitions\"}]}\n"));
}

void what_the_network_flow_initialized_is_undone_after_a_failure_too(void**) {
    Desk desk;
    desk.node.firewall.management = true;
    assert_int_equal(desk.run("flow network n1 192.0.2.10 192.0.2.1"), 0);
    assert_text_equal(desk.out,
                      " 1  connect                     ok          5 ms\n"
                      " 2  InitializeNode              ok          5 ms  UDP port 3343\n"
                      " 3  SendRTMessage               ok          5 ms  7 ms\n"
                      " 4  QueryFirewallConfiguration  ok          5 ms  node to node allowed, "
                      "management allowed\n"
                      " 5  CleanupNode                 ok          5 ms\n");
    desk.node.failures["echo"] = {csvp::Hresult::Timeout, {}};
    assert_int_equal(desk.run("flow network n1 192.0.2.10 192.0.2.1"), exit_failed);
    assert_text_equal(desk.listener.text(),
                      "IClusterNetwork2 InitializeNode SendRTMessage CleanupNode");
    desk.node.failures.clear();
    desk.node.firewall.management = false;
    assert_int_equal(desk.run("flow network n1 192.0.2.10 192.0.2.1"), exit_no);
}

void a_cluster_is_set_up_and_the_secret_compared(void**) {
    Desk desk;
    const std::string name = secret_file();
    assert_int_equal(desk.run("flow setup n1 -i " + name), 0);
    assert_text_equal(desk.out, " 1  connect                     ok          5 ms\n"
                                " 2  ConfigSvcSecret             ok          5 ms  6 bytes\n"
                                " 3  RetrieveSvcSecret           ok          5 ms  the same\n"
                                " 4  RetrieveHostLabel           ok          5 ms  node1\n");
    ::unlink(name.c_str());
}

void a_session_keeps_what_it_brought_about(void**) {
    Desk desk;
    assert_int_equal(
        desk.session({"# the life of an owner", "", "disk list", "pr arbitrate 0", "disk online 0",
                      "file write 0 0 '\\a b.txt' --text x", "file verify 0 0 '\\a b.txt' --text y",
                      "disk offline 0", "pr stop-defense 0"}),
        0);
    assert_text_equal(desk.err, "");
    assert_text_equal(desk.listener.text(),
                      "IClusterStorage2 CprepPrepareNode CprepPrepareNodePhase2 CprepDiskGetProps "
                      "CprepDiskGetProps CprepDiskGetProps CprepDiskAttach CprepDiskPRArbitrate "
                      "CprepDiskOnline CprepDiskGetFSName CprepDiskWriteFileData "
                      "CprepDiskGetFSName CprepDiskVerifyFileData CprepDiskOffline "
                      "CprepDiskStopDefense");
}

void a_failure_ends_a_session_unless_told_otherwise(void**) {
    Desk desk;
    const std::vector<std::string> lines = {"disk props 9", "nonsense", "disk props 0"};
    assert_int_equal(desk.session(lines), exit_failed);
    assert_text_equal(desk.out, "");
    assert_true(desk.err.find("CprepDiskGetProps: 0x80070002") != std::string::npos);
    assert_true(desk.err.find("nonsense") == std::string::npos);
    assert_int_equal(desk.session(lines, "--keep-going"), exit_failed); // the first one's
    assert_true(desk.err.find("nonsense") != std::string::npos);
    assert_true(desk.out.starts_with("Number:      0\n"));
}

void a_session_ends_where_it_says_so_and_when_the_node_is_gone(void**) {
    Desk desk;
    assert_int_equal(desk.session({"exit", "disk list"}), 0);
    assert_text_equal(desk.listener.text(), "");
    desk.remote.refuses = Failure{Failure::Kind::Unreachable, "", "", 0, {"connect to", "n1", ""}};
    assert_int_equal(desk.session({"disk list", "disk list"}, "--keep-going"), exit_unreachable);
    assert_text_equal(desk.listener.text(), "IClusterStorage2");
}

void a_session_answers_programs_with_a_line_for_each_command(void**) {
    Desk desk;
    assert_int_equal(desk.session({"setup label", "pr present 0"}, "--json"), 0);
    assert_text_equal(desk.out, "{\"schema\":\"clusprep-1\",\"command\":\"setup label\",\"node\":"
                                "\"n1\",\"label\":\"node1\"}\n"
                                "{\"schema\":\"clusprep-1\",\"command\":\"pr present\",\"node\":"
                                "\"n1\",\"disk\":\"number:0\",\"reserved\":false}\n");
}

void the_input_of_a_session_is_its_commands(void**) {
    Desk desk;
    assert_int_equal(desk.session({"file write 0 0 /a --input -"}), exit_usage);
    assert_true(desk.err.find("commands come from it") != std::string::npos);
    assert_int_equal(desk.session({"disk 'list"}), exit_usage);
    assert_true(desk.err.find("a quotation has no end") != std::string::npos);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_disk_is_brought_online_step_by_step),
        cmocka_unit_test(a_flow_ends_at_the_step_that_fails),
        cmocka_unit_test(programs_get_a_flow_as_one_document),
        cmocka_unit_test(what_the_network_flow_initialized_is_undone_after_a_failure_too),
        cmocka_unit_test(a_cluster_is_set_up_and_the_secret_compared),
        cmocka_unit_test(a_session_keeps_what_it_brought_about),
        cmocka_unit_test(a_failure_ends_a_session_unless_told_otherwise),
        cmocka_unit_test(a_session_ends_where_it_says_so_and_when_the_node_is_gone),
        cmocka_unit_test(a_session_answers_programs_with_a_line_for_each_command),
        cmocka_unit_test(the_input_of_a_session_is_its_commands),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
