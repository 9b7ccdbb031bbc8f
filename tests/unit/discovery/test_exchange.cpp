// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two machines and the wire between them, without a wire.
#include "discovery/exchange.hpp"

#include "discovery/wire/messages.hpp"
#include "discovery/wire/packet.hpp"

#include "../cmocka.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

struct Sent {
    Octets packet;
    std::uint32_t to = 0;
    int interface = 0;
    std::uint32_t from = 0;
};

class Machine {
  public:
    Machine(const char* name, std::uint32_t address)
      : names_(names_of(name, {"EXAMPLE"}, "", "", "", "")) {
        exchange.links_changed({{1, "lo", true, true, {{0x7f000001, 8}}},
                                {2, "eth0", true, false, {{address, 24}}},
                                {3, "eth1", true, false, {{address + 0x10000, 24}}}});
    }

    void arrives(const Octets& packet, std::uint32_t from, int interface = 2) {
        exchange.arrived({from, interface, packet});
    }
    std::uint64_t count(Outcome outcome) const { return exchange.tally().count(outcome); }

    RateLimit::Time now{1h};
    bool serving = true, unsendable = false;
    int broken = 0; // an interface
    std::vector<Sent> sent;
    std::vector<std::string> lines;
    Responder responder{{5, 10, 100}, false, {[this] { return now; }, [this] { return serving; }}};
    Searches searches{{[this] { return now; }, [] { return std::chrono::system_clock::now(); }}};

  private:
    Names names_;

  public:
    Exchange exchange{
        responder,
        searches,
        {{"eth*"}, false},
        {[this] { return now; }, [this]() -> const Names& { return names_; },
         [this](OctetView packet, std::uint32_t to, int interface, std::uint32_t from) {
             if (unsendable || (broken != 0 && interface == broken))
                 return Status(Error{"send", "mail", "", EPERM});
             sent.push_back({{packet.begin(), packet.end()}, to, interface, from});
             return Status(Done{});
         },
         [this](const std::string& line) { lines.push_back(line); }}};
};

constexpr std::uint32_t kAsker = 0x0a000001, kServer = 0x0a000002;

Octets question_from(const char* asker, const char* group = "EXAMPLE",
                     std::string_view mailslot = kServiceMailslot) {
    const auto message = make_question(asker);
    assert_ok(message);
    Datagram datagram;
    datagram.type = Datagram::Type::DirectGroup;
    datagram.source = workstation_name("ASKER");
    datagram.destination = workstation_name(group);
    const auto packet = make_packet(datagram, mailslot, *message);
    assert_ok(packet);
    return *packet;
}

void a_question_goes_to_the_broadcast_address_of_each_network(void**) {
    Machine asker("asker.example.org", kAsker);
    assert_ok(asker.exchange.ask(""));
    assert_int_equal(asker.sent.size(), 2);
    assert_int_equal(asker.sent[0].to, 0x0a0000ff);
    assert_int_equal(asker.sent[0].interface, 2);
    assert_int_equal(asker.sent[0].from, kAsker);
    assert_int_equal(asker.sent[1].to, 0x0a0100ff);
    const auto datagram = parse_datagram(asker.sent[0].packet);
    assert_ok(datagram);
    assert_true(datagram->type == Datagram::Type::DirectGroup);
    assert_text_equal(datagram->destination.shown(), "EXAMPLE<00>");
    assert_text_equal(datagram->source.shown(), "ASKER<00>");
    assert_int_equal(datagram->source_address, kAsker);
    assert_int_equal(datagram->source_port, 138);
}

void a_question_and_its_answer_find_each_other(void**) {
    Machine asker("asker.example.org", kAsker), server("server.example.org", kServer);
    assert_ok(
        asker.searches.begin({}, [&](const std::string& on) { return asker.exchange.ask(on); }));
    server.arrives(asker.sent[0].packet, kAsker);
    assert_int_equal(server.sent.size(), 1);
    assert_int_equal(server.sent[0].to, kAsker);
    assert_int_equal(server.sent[0].from, kServer);
    const auto datagram = parse_datagram(server.sent[0].packet);
    assert_ok(datagram);
    assert_true(datagram->type == Datagram::Type::DirectUnique);
    assert_text_equal(datagram->destination.shown(), "ASKER<00>");
    asker.arrives(server.sent[0].packet, kServer);
    assert_int_equal(asker.count(Outcome::Heard), 1);
    const auto found = asker.searches.collection().servers();
    assert_int_equal(found.size(), 1);
    assert_text_equal(found[0].name, "server.example.org");
    assert_text_equal(found[0].interface, "eth0");
}

void one_interface_is_asked_where_one_is_named(void**) {
    Machine asker("asker", kAsker);
    assert_ok(asker.exchange.ask("eth1"));
    assert_int_equal(asker.sent.size(), 1);
    assert_int_equal(asker.sent[0].interface, 3);
    const auto nowhere = asker.exchange.ask("lo");
    assert_false(nowhere.has_value());
    assert_contains(nowhere.error().message(), "lo");
}

void nobody_can_be_asked_without_an_interface(void**) {
    Machine asker("asker", kAsker);
    asker.exchange.links_changed({});
    assert_false(asker.exchange.ask("").has_value());
    asker.exchange.links_changed({{2, "eth0", true, false, {{kAsker, 24}, {kAsker + 1, 24}}}});
    assert_ok(asker.exchange.ask(""));
    assert_int_equal(asker.sent.size(), 1); // two addresses, one network
}

void a_question_that_goes_nowhere_is_told(void**) {
    Machine asker("asker", kAsker);
    asker.unsendable = true;
    assert_false(asker.exchange.ask("").has_value());
}

void a_question_that_goes_out_by_some_interfaces_only_is_told(void**) {
    Machine asker("asker", kAsker);
    asker.broken = 3;
    for (int i = 0; i < 10; ++i)
        assert_ok(asker.exchange.ask(""));
    assert_int_equal(asker.sent.size(), 10);
    assert_int_equal(asker.count(Outcome::Unsent), 10);
    assert_int_equal(asker.lines.size(), 1);
    assert_contains(asker.lines[0], "to 10.1.0.255, eth1");
    assert_contains(asker.lines[0], "Operation not permitted");
    assert_false(asker.exchange.ask("eth1").has_value());
}

void an_asker_with_a_long_name_asks_with_its_label(void**) {
    Machine asker(("asker." + std::string(101, 'x')).c_str(), kAsker); // 107
    assert_ok(asker.exchange.ask("eth0"));
    const auto datagram = parse_datagram(asker.sent[0].packet);
    assert_ok(datagram);
    const auto write = parse_mailslot_write(datagram->data);
    assert_ok(write);
    assert_text_equal(read_question(write->data).name, "asker");
}

void the_answer_goes_where_the_question_came_from_whoever_it_names(void**) {
    Machine server("server", kServer);
    server.arrives(question_from("victim.example.org"), kAsker);
    assert_int_equal(server.sent.size(), 1);
    assert_int_equal(server.sent[0].to, kAsker);
}

void our_own_question_is_answered_by_the_routes(void**) {
    Machine server("server", kServer);
    server.arrives(question_from("server"), kServer);
    assert_int_equal(server.sent.size(), 1);
    assert_int_equal(server.sent[0].to, kServer);
    assert_int_equal(server.sent[0].interface, 0);
}

void what_is_not_for_us_is_counted_by_kind(void**) {
    Machine server("server", kServer);
    const auto question = question_from("asker");
    server.arrives(question_from("asker", "OTHER"), kAsker);
    server.arrives(question_from("asker", "EXAMPLE", "\\MAILSLOT\\BROWSE"), kAsker);
    server.arrives(question, kAsker, 7);
    server.arrives(question, 0x0a000901);
    server.arrives({1, 2, 3}, kAsker);
    auto fragment = question;
    fragment[1] |= 1;
    server.arrives(fragment, kAsker);
    auto other_version = question;
    other_version[14 + 68 + 92] = 2;
    server.arrives(other_version, kAsker);
    server.serving = false;
    server.arrives(question, kAsker);
    assert_int_equal(server.count(Outcome::OtherName), 1);
    assert_int_equal(server.count(Outcome::OtherMailslot), 1);
    assert_int_equal(server.count(Outcome::Interface), 1);
    assert_int_equal(server.count(Outcome::Foreign), 1);
    assert_int_equal(server.count(Outcome::Malformed), 2);
    assert_int_equal(server.count(Outcome::Version), 1);
    assert_int_equal(server.count(Outcome::NotServing), 1);
    assert_true(server.sent.empty());
    assert_int_equal(server.lines.size(), 3); // foreign, malformed, version
    assert_contains(server.lines[1], "from 10.0.0.1");
}

void a_flood_writes_one_line_a_minute(void**) {
    Machine server("server", kServer);
    const auto question = question_from("asker");
    for (int i = 0; i < 100'000; ++i) {
        server.now += 100us;
        server.arrives(question, kAsker);
    }
    assert_int_equal(server.lines.size(), 1);
    assert_in_range(server.sent.size(), 58, 60);
    assert_int_equal(server.count(Outcome::Limited) + server.count(Outcome::Answered), 100'000);
}

void an_answer_that_cannot_be_sent_is_told(void**) {
    Machine server("server", kServer);
    server.unsendable = true;
    server.arrives(question_from("asker"), kAsker);
    assert_int_equal(server.count(Outcome::Unsent), 1);
    assert_int_equal(server.lines.size(), 1);
    assert_contains(server.lines[0], "Operation not permitted");
}

void the_mailslot_is_compared_without_case(void**) {
    Machine server("server", kServer);
    server.arrives(question_from("asker", "example", "\\mailslot\\WinTarget"), kAsker);
    assert_int_equal(server.count(Outcome::Answered), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_question_goes_to_the_broadcast_address_of_each_network),
        cmocka_unit_test(a_question_and_its_answer_find_each_other),
        cmocka_unit_test(one_interface_is_asked_where_one_is_named),
        cmocka_unit_test(nobody_can_be_asked_without_an_interface),
        cmocka_unit_test(a_question_that_goes_nowhere_is_told),
        cmocka_unit_test(a_question_that_goes_out_by_some_interfaces_only_is_told),
        cmocka_unit_test(an_asker_with_a_long_name_asks_with_its_label),
        cmocka_unit_test(the_answer_goes_where_the_question_came_from_whoever_it_names),
        cmocka_unit_test(our_own_question_is_answered_by_the_routes),
        cmocka_unit_test(what_is_not_for_us_is_counted_by_kind),
        cmocka_unit_test(a_flood_writes_one_line_a_minute),
        cmocka_unit_test(an_answer_that_cannot_be_sent_is_told),
        cmocka_unit_test(the_mailslot_is_compared_without_case),
    };
    return cmocka_run_group_tests_name("exchange of mail", tests, nullptr, nullptr);
}
