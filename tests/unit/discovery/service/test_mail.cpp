// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/mail.hpp"

#include "discovery/wire/messages.hpp"
#include "discovery/wire/packet.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

const Addressee kUs{workstation_name("node1"),
                    {workstation_name("EXAMPLE"), workstation_name("OTHERS")}};

Octets packet(Datagram::Type type, const NetbiosName& destination) {
    Datagram datagram;
    datagram.type = type;
    datagram.source = workstation_name("asker");
    datagram.destination = destination;
    const auto question = make_question("asker");
    assert_ok(question);
    const auto made = make_packet(datagram, kServiceMailslot, *question);
    assert_ok(made);
    return *made;
}

bool taken(Datagram::Type type, const NetbiosName& destination) {
    const auto bytes = packet(type, destination);
    const auto mail = open_mail({0x0a000002, 2, bytes});
    assert_ok(mail);
    return kUs.takes(*mail);
}

void mail_is_for_us_by_our_name_and_by_that_of_a_group_of_ours(void**) {
    assert_true(taken(Datagram::Type::DirectUnique, {"Node1", 0}));
    assert_true(taken(Datagram::Type::DirectGroup, {"EXAMPLE", 0}));
    assert_true(taken(Datagram::Type::DirectGroup, {"others", 0}));
}

void mail_to_others_is_not_for_us(void**) {
    assert_false(taken(Datagram::Type::DirectUnique, {"NODE2", 0}));
    assert_false(taken(Datagram::Type::DirectUnique, {"NODE1", 0x20})); // of its file server
    assert_false(taken(Datagram::Type::DirectUnique, {"EXAMPLE", 0}));
    assert_false(taken(Datagram::Type::DirectGroup, {"NODE1", 0}));
    assert_false(taken(Datagram::Type::DirectGroup, {"EXAMPLE", 0x1e})); // of browser elections
    assert_false(taken(Datagram::Type::DirectGroup, {"*", 0}));
}

void mail_to_everybody_is_for_us_however_the_name_is_filled_up(void**) {
    assert_true(taken(Datagram::Type::Broadcast, {std::string("*") + std::string(14, '\0'), 0}));
    assert_true(taken(Datagram::Type::Broadcast, {"*", ' '}));
    for (const char* other : {"", "EXAMPLE", "NODE1", "*SMBSERVER", "X*"})
        assert_false(taken(Datagram::Type::Broadcast, {other, 0}));
}

void mail_tells_where_it_came_from_and_what_it_is(void**) {
    const auto bytes = packet(Datagram::Type::DirectGroup, {"EXAMPLE", 0});
    const auto mail = open_mail({0x0a000002, 7, bytes});
    assert_ok(mail);
    assert_int_equal(mail->from, 0x0a000002);
    assert_int_equal(mail->interface, 7);
    assert_true(mail->to("\\mailslot\\wintarget"));
    assert_false(mail->to(kDiscovererMailslot));
    assert_text_equal(read_question(mail->write.data).name, "asker");
}

void what_does_not_open_is_told_by_the_layer_that_refused_it(void**) {
    const auto none = open_mail({1, 2, {}});
    assert_false(none.has_value());
    assert_contains(none.error().message(), "NetBIOS datagram");
    auto bytes = packet(Datagram::Type::DirectGroup, {"EXAMPLE", 0});
    bytes[14 + 68] = 0; // where the SMB begins
    const auto no_smb = open_mail({1, 2, bytes});
    assert_false(no_smb.has_value());
    assert_contains(no_smb.error().message(), "no SMB");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(mail_is_for_us_by_our_name_and_by_that_of_a_group_of_ours),
        cmocka_unit_test(mail_to_others_is_not_for_us),
        cmocka_unit_test(mail_to_everybody_is_for_us_however_the_name_is_filled_up),
        cmocka_unit_test(mail_tells_where_it_came_from_and_what_it_is),
        cmocka_unit_test(what_does_not_open_is_told_by_the_layer_that_refused_it),
    };
    return cmocka_run_group_tests_name("mail", tests, nullptr, nullptr);
}
