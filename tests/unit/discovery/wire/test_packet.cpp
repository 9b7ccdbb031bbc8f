// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All layers together: what stands on the wire for the examples of MS-ISTD 4.
#include "discovery/wire/packet.hpp"

#include "discovery/wire/mailslot_write.hpp"
#include "discovery/wire/messages.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

void a_question_goes_through_all_layers_and_back(void**) {
    Datagram datagram;
    datagram.type = Datagram::Type::DirectGroup;
    datagram.source = workstation_name("client-computer");
    datagram.destination = workstation_name("WORKGROUP");
    const auto question = make_question("client-computer");
    assert_ok(question);
    const auto packet = make_packet(datagram, kServiceMailslot, *question);
    assert_ok(packet);
    assert_int_equal(packet->size(), 14 + 34 + 34 + 352);

    const auto read = parse_datagram(*packet);
    assert_ok(read);
    assert_text_equal(read->source.shown(), "CLIENT-COMPUTER<00>");
    const auto write = parse_mailslot_write(read->data);
    assert_ok(write);
    assert_text_equal(write->mailslot, "\\MAILSLOT\\WINTARGET");
    assert_text_equal(read_question(write->data).name, "client-computer");
}

void what_does_not_fit_is_told(void**) {
    const auto packet = make_packet({}, kServiceMailslot, Octets(500));
    assert_false(packet.has_value());
    assert_contains(packet.error().message(), "512");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_question_goes_through_all_layers_and_back),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests_name("packets of MS-ISTD", tests, nullptr, nullptr);
}
