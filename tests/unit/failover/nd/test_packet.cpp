// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/nd/packet.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>

using namespace mpapi::failover;

namespace {

using Bytes = std::vector<std::uint8_t>;

const HardwareAddress kOwn = *HardwareAddress::parse("02:00:00:00:00:0a");
const HardwareAddress kOther = *HardwareAddress::parse("02:00:00:00:00:0b");
const Ip kAddress = *Ip::parse("2001:db8::12:3456");
constexpr Nonce kNonce{1, 2, 3, 4, 5, 6};

Ip ip_at(const Bytes& packet, std::size_t at) {
    return Ip::of(AF_INET6, std::span(packet).subspan(at, 16));
}

// The right checksum of what a test changed.
Bytes summed(Bytes packet) {
    packet[42] = packet[43] = 0;
    std::uint32_t sum = static_cast<std::uint32_t>(packet.size() - 40) + 58;
    for (std::size_t i = 8; i + 1 < packet.size(); i += 2)
        sum += static_cast<std::uint32_t>(packet[i] << 8 | packet[i + 1]);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    packet[42] = static_cast<std::uint8_t>(~sum >> 8);
    packet[43] = static_cast<std::uint8_t>(~sum);
    return packet;
}

void a_solicitation_comes_from_nobody_and_goes_to_the_solicited_node(void**) {
    const Bytes packet = nd::solicitation(kAddress, kNonce);
    assert_int_equal(packet[6], 58);
    assert_int_equal(packet[7], 255);
    assert_true(ip_at(packet, 8).unspecified());
    assert_text_equal(ip_at(packet, 24).text(), "ff02::1:ff12:3456");
    assert_int_equal(packet[40], 135);
    assert_true(ip_at(packet, 48) == kAddress);
    const Bytes option{14, 1, 1, 2, 3, 4, 5, 6};
    assert_true(std::equal(option.begin(), option.end(), packet.begin() + 64));
    assert_int_equal(packet.size() % 8, 0);
    assert_true(summed(packet) == packet);
}

void an_advertisement_overrides_and_is_not_solicited(void**) {
    const Bytes packet = nd::advertisement(kAddress, kOwn, false);
    assert_int_equal(packet[7], 255);
    assert_true(ip_at(packet, 8) == kAddress);
    assert_text_equal(ip_at(packet, 24).text(), "ff02::1");
    assert_int_equal(packet[40], 136);
    assert_int_equal(packet[44], 0x20);
    assert_true(ip_at(packet, 48) == kAddress);
    const Bytes option{2, 1, 2, 0, 0, 0, 0, 0xa};
    assert_true(std::equal(option.begin(), option.end(), packet.begin() + 64));
    assert_true(summed(packet) == packet);
    assert_int_equal(nd::advertisement(kAddress, kOwn, true)[44], 0xa0); // a router
}

void groups_have_their_ethernet_addresses(void**) {
    assert_text_equal(nd::ethernet_group(nd::all_nodes()).text(), "33:33:00:00:00:01");
    assert_text_equal(nd::ethernet_group(nd::solicited_node(kAddress)).text(), "33:33:ff:12:34:56");
}

void a_solicitation_is_a_wish_with_its_nonce(void**) {
    const auto heard = nd::parse(nd::solicitation(kAddress, kNonce), kOther);
    assert_true(heard && heard->claim);
    const Claim expected{kAddress, Claim::Kind::Probe, kOther, true, kNonce};
    assert_true(*heard->claim == expected);
}

void an_advertisement_is_a_claim_of_its_target_link_layer_address(void**) {
    const auto heard = nd::parse(nd::advertisement(kAddress, kOwn, false), kOther);
    assert_true(heard && heard->claim);
    const Claim expected{kAddress, Claim::Kind::Use, kOwn, true, std::nullopt};
    assert_true(*heard->claim == expected);
}

void an_advertisement_without_options_is_a_claim_of_its_frame(void**) {
    Bytes packet = nd::advertisement(kAddress, kOwn, false);
    packet.resize(64);
    packet[5] = 24;
    const auto heard = nd::parse(summed(packet), kOther);
    assert_true(heard && heard->claim && heard->claim->from == kOther);
    assert_false(heard->claim->marked);
    assert_true(heard->claim->answer); // as who asks without an address gets it
    const Ip asking = *Ip::parse("2001:db8::1");
    std::copy(asking.octets.begin(), asking.octets.end(), packet.begin() + 24);
    assert_false(nd::parse(summed(packet), kOther)->claim->answer);
}

void a_question_for_a_neighbour_claims_nothing(void**) {
    Bytes packet = nd::solicitation(kAddress, kNonce);
    const Ip asking = *Ip::parse("2001:db8::1");
    std::copy(asking.octets.begin(), asking.octets.end(), packet.begin() + 8);
    const auto heard = nd::parse(summed(packet), kOther);
    assert_true(heard && !heard->claim);
}

void padding_of_the_frame_is_no_part_of_it(void**) {
    Bytes packet = nd::advertisement(kAddress, kOwn, false);
    packet.resize(packet.size() + 9, 0xff);
    assert_true(nd::parse(packet, kOther).has_value());
}

void a_cut_packet_is_none(void**) {
    for (const Bytes& whole :
         {nd::solicitation(kAddress, kNonce), nd::advertisement(kAddress, kOwn, false)})
        for (std::size_t size = 0; size < whole.size(); ++size)
            if (nd::parse(std::span(whole).first(size), kOther))
                fail_msg("%zu bytes were taken", size);
}

void what_the_rfc_discards_is_discarded(void**) {
    const Bytes solicitation = nd::solicitation(kAddress, kNonce);
    const Bytes advertisement = nd::advertisement(kAddress, kOwn, false);
    struct Case {
        const char* what;
        Bytes packet;
        std::size_t place;
        std::uint8_t value;
    };
    const Case cases[] = {
        {"another version", advertisement, 0, 0x40},
        {"another next header", advertisement, 6, 17},
        {"a hop limit of 254", advertisement, 7, 254},
        {"another type", advertisement, 40, 134},
        {"another code", advertisement, 41, 1},
        {"a solicited one to all", advertisement, 44, 0x60},
        {"a multicast target", advertisement, 48, 0xff},
        {"an option without length", advertisement, 65, 0},
        {"an option that ends beyond the packet", advertisement, 65, 9},
        {"a solicitation to another group", solicitation, 39, 0x57},
        {"a solicitation of nobody with a source address", solicitation, 64, 1},
    };
    for (const Case& each : cases) {
        Bytes packet = each.packet;
        packet[each.place] = each.value;
        if (nd::parse(summed(packet), kOther)) fail_msg("%s was taken", each.what);
    }
    Bytes wrong = advertisement;
    wrong[70] ^= 1;
    if (nd::parse(wrong, kOther)) fail_msg("a wrong checksum was taken");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_solicitation_comes_from_nobody_and_goes_to_the_solicited_node),
        cmocka_unit_test(an_advertisement_overrides_and_is_not_solicited),
        cmocka_unit_test(groups_have_their_ethernet_addresses),
        cmocka_unit_test(a_solicitation_is_a_wish_with_its_nonce),
        cmocka_unit_test(an_advertisement_is_a_claim_of_its_target_link_layer_address),
        cmocka_unit_test(an_advertisement_without_options_is_a_claim_of_its_frame),
        cmocka_unit_test(a_question_for_a_neighbour_claims_nothing),
        cmocka_unit_test(padding_of_the_frame_is_no_part_of_it),
        cmocka_unit_test(a_cut_packet_is_none),
        cmocka_unit_test(what_the_rfc_discards_is_discarded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
