// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/audit.hpp"
#include "tests/unit/cmocka.hpp"

#include <syslog.h>
#include <vector>

using namespace mpapi;
using namespace mpapi::clusprep;

namespace {

constexpr ndr::Guid storage = {0x11111111, 0x2222, 0x3333, {1, 2, 3, 4, 5, 6, 7, 8}};
constexpr ndr::Guid other = {0x99999999, 0x2222, 0x3333, {1, 2, 3, 4, 5, 6, 7, 8}};
const std::string hostile = "eve\nCLUSPREP_CLIENT=root\r\x1b[2J\t\x7f\u202e";
const std::string harmless = "eve\\x0aCLUSPREP_CLIENT=root\\x0d\\x1b[2J\\x09\\x7f\\xe2\\x80\\xae";

struct Journal {
    std::vector<Line> lines;
    Repeats::Time now{std::chrono::hours(1000)};
    Audit audit{[this](const Line& line) { lines.push_back(line); },
                [this] { return now; },
                {{storage, "storage"}}};
    rpc::Principal principal{hostile, {}, rpc::AuthType::Ntlm};
    rpc::PeerAddress address{"192.0.2.7", 49152};
    dcom::Caller caller{principal, rpc::AuthLevel::Privacy, address};

    const Line& last() const {
        if (lines.empty()) fail_msg("nothing was told");
        return lines.back();
    }
};

void who_activated_what_is_one_line(void**) {
    Journal journal;
    journal.principal.name = "NODE1\\alice";
    journal.audit.activated(journal.caller, storage, 0xab);
    assert_text_equal(journal.last().text,
                      "NODE1\\alice at 192.0.2.7:49152 activated storage, object 00000000000000ab");
    assert_text_equal(journal.last().client, "NODE1\\alice");
    assert_text_equal(journal.last().address, "192.0.2.7");
    assert_int_equal(journal.last().priority, LOG_NOTICE);
    journal.audit.activated(journal.caller, other, 1);
    assert_contains(journal.last().text, "class " + other.text());
}

void the_end_of_an_object_tells_whose_which_and_why(void**) {
    Journal journal;
    const dcom::KnownObject object{0xab, storage, "NODE1\\alice"};
    journal.audit.ended(object, dcom::Ending::Released);
    assert_text_equal(journal.last().text, "object 00000000000000ab, storage of NODE1\\alice, has "
                                           "ended: it was released");
    assert_text_equal(journal.last().client, "NODE1\\alice");
    journal.audit.ended(object, dcom::Ending::Silent);
    assert_contains(journal.last().text, "nothing was heard of its client for six minutes");
    journal.audit.ended(object, dcom::Ending::Stopped);
    assert_contains(journal.last().text, "clusprepd stops");
}

void who_uses_another_s_object_is_told_with_the_owner(void**) {
    Journal journal;
    journal.principal.name = "NODE1\\bob";
    journal.audit.object_refused(journal.caller, {0xab, storage, "NODE1\\alice"});
    assert_text_equal(journal.last().text,
                      "NODE1\\bob at 192.0.2.7:49152 was refused object 00000000000000ab, storage "
                      "of NODE1\\alice");
    assert_int_equal(journal.last().priority, LOG_WARNING);
}

void a_call_tells_who_did_what_to_what_and_the_outcome(void**) {
    Journal journal;
    csvp::EndedCall call{"CprepDiskPRPreempt", "NODE1\\alice", journal.address, "disk 3", {}, {}};
    journal.audit.ended_call(call);
    assert_text_equal(journal.last().text,
                      "CprepDiskPRPreempt of NODE1\\alice at 192.0.2.7:49152, disk 3: done");
    assert_text_equal(journal.last().client, "NODE1\\alice");
    call.code = csvp::Hresult::Busy;
    journal.audit.ended_call(call);
    assert_contains(journal.last().text, "disk 3: 0x800700AA");
    call.error = Error{"preempt", "", "in use"};
    journal.audit.ended_call(call);
    assert_contains(journal.last().text, "disk 3: preempt: in use (0x800700AA");
    journal.audit.ended_call({"rundown", {}, {}, {}, csvp::Hresult::Busy, {}});
    assert_contains(journal.last().text, "rundown: 0x800700AA");
}

void a_stranger_does_not_fill_the_journal(void**) {
    Journal journal;
    for (std::uint16_t i = 0; i < 3000; ++i)
        journal.audit.refused({"192.0.2.7", i}, {"serve RPC", "", "no RPC"});
    assert_int_equal(journal.lines.size(), 10);
    // Others and other things are still told.
    journal.audit.refused({"192.0.2.8", 1}, {"serve RPC", "", "no RPC"});
    journal.audit.failed_logon({journal.address, "NODE1\\eve", "wrong password", 1, 1});
    assert_int_equal(journal.lines.size(), 12);
    journal.audit.sum_up();
    assert_int_equal(journal.lines.size(), 12);
    journal.now += std::chrono::minutes(1);
    journal.audit.sum_up();
    assert_int_equal(journal.lines.size(), 13);
    assert_text_equal(journal.last().text, "dropped connections of 192.0.2.7: 2990 further lines "
                                           "in a minute were left out");
}

void no_control_character_of_a_peer_gets_into_a_line(void**) {
    Journal journal;
    Audit& audit = journal.audit;
    audit.activated(journal.caller, storage, 1);
    audit.activation_refused(journal.caller, storage, 0x80070005, hostile);
    audit.interface_refused(journal.caller, other);
    audit.caller_refused(journal.caller, hostile);
    audit.refused(journal.address, {"serve RPC", hostile, hostile});
    audit.failed_logon({journal.address, hostile, hostile, 1, 2});
    audit.ended_call({"CprepDiskOffline", hostile, journal.address, hostile, csvp::Hresult::Busy,
                      Error{"take offline", hostile, hostile}});
    audit.object_refused(journal.caller, {1, storage, hostile});
    assert_int_equal(journal.lines.size(), 8);
    for (const Line& line : journal.lines) {
        assert_contains(line.text, line.client.empty() ? "dropped 192.0.2.7" : harmless);
        for (const std::string* text : {&line.text, &line.client, &line.address})
            for (const char c : *text)
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
                    fail_msg("character %d in: %s", c, text->c_str());
        assert_text_equal(line.address, "192.0.2.7");
    }
}

void a_long_name_is_cut_between_two_characters(void**) {
    Journal journal;
    journal.principal.name = std::string(255, 'a') + "\u00e4" + std::string(100, 'b');
    journal.audit.activated(journal.caller, storage, 1);
    assert_text_equal(journal.last().client, std::string(255, 'a'));
    journal.principal.name = std::string(254, 'a') + "\u00e4" + std::string(100, 'b');
    journal.audit.activated(journal.caller, storage, 1);
    assert_text_equal(journal.last().client, std::string(254, 'a') + "\u00e4");
}

void a_failed_logon_is_counted(void**) {
    Journal journal;
    journal.audit.failed_logon({{"192.0.2.7", 135}, "NODE1\\eve", "wrong password", 3, 4});
    assert_text_equal(journal.last().text, "NODE1\\eve failed to log on from 192.0.2.7:135 (3 from "
                                           "there, 4 of the account): wrong password");
    assert_int_equal(journal.last().priority, LOG_WARNING);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_activated_what_is_one_line),
        cmocka_unit_test(the_end_of_an_object_tells_whose_which_and_why),
        cmocka_unit_test(who_uses_another_s_object_is_told_with_the_owner),
        cmocka_unit_test(a_call_tells_who_did_what_to_what_and_the_outcome),
        cmocka_unit_test(a_stranger_does_not_fill_the_journal),
        cmocka_unit_test(no_control_character_of_a_peer_gets_into_a_line),
        cmocka_unit_test(a_long_name_is_cut_between_two_characters),
        cmocka_unit_test(a_failed_logon_is_counted),
    };
    return cmocka_run_group_tests_name("audit", tests, nullptr, nullptr);
}
