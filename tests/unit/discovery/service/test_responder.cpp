// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/responder.hpp"

#include "discovery/wire/messages.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kAsker = 0x0a000002;

struct World {
    RateLimit::Time now{1h};
    bool serving = true;
    bool beyond = false;
    Interface interface {
        2, "eth0", true, false, {
            { 0x0a000001, 24 }
        }
    };
    Responder responder{{5, 10, 100}, beyond, {[this] { return now; }, [this] { return serving; }}};

    static Mail question(std::uint32_t from = kAsker, const char* asker = "client.example.org") {
        const auto message = make_question(asker);
        assert_ok(message);
        return {from,
                2,
                Datagram::Type::DirectGroup,
                workstation_name("WORKGROUP"),
                {std::string(kServiceMailslot), *message}};
    }
    Responder::Answer ask(const Mail& mail, std::string_view name = "node1.example.org") {
        return responder.answer(mail, interface, name);
    }
};

void a_question_is_answered_with_our_name(void**) {
    World world;
    const auto answer = world.ask(World::question());
    assert_true(answer.outcome == Outcome::Answered);
    assert_text_equal(answer.asker, "client.example.org");
    assert_text_equal(read_answer(answer.message).name, "node1.example.org");
}

void without_block_storage_it_is_silent(void**) {
    World world;
    world.serving = false;
    const auto answer = world.ask(World::question());
    assert_true(answer.outcome == Outcome::NotServing);
    assert_true(answer.message.empty());
}

void a_name_of_128_characters_is_told_by_its_label(void**) {
    World world;
    const std::string name = "node1." + std::string(121, 'x');
    assert_text_equal(read_answer(world.ask(World::question(), name).message).name, name); // 127
    assert_text_equal(read_answer(world.ask(World::question(), name + "y").message).name, "node1");
}

void size_version_and_name_are_verified_in_this_order(void**) {
    World world;
    auto mail = World::question();
    mail.write.data[4] = 'x'; // no backslash
    assert_true(world.ask(mail).outcome == Outcome::Name);
    mail.write.data[0] = 2;
    assert_true(world.ask(mail).outcome == Outcome::Version);
    mail.write.data.push_back(0);
    assert_true(world.ask(mail).outcome == Outcome::Size);
}

void who_is_no_neighbour_is_not_answered(void**) {
    World world;
    for (const std::uint32_t from : {0x0b000002u, 0x0a0000ffu, 0x0a000000u, 0u, 0xffffffffu})
        assert_true(world.ask(World::question(from)).outcome == Outcome::Foreign);
    Responder far({5, 10, 100}, true, {[&] { return world.now; }, [] { return true; }});
    assert_true(far.answer(World::question(0x0b000002), world.interface, "n").outcome ==
                Outcome::Answered);
}

void each_source_has_a_limit(void**) {
    World world;
    unsigned answered = 0, limited = 0;
    for (int i = 0; i < 100'000; ++i) { // 10 000 a second, for 10 seconds
        world.now += 100us;
        const auto outcome = world.ask(World::question()).outcome;
        answered += outcome == Outcome::Answered ? 1 : 0;
        limited += outcome == Outcome::Limited ? 1 : 0;
        if (i % 10'000 == 0)
            assert_true(world.ask(World::question(kAsker + 1)).outcome == Outcome::Answered);
    }
    assert_in_range(answered, 58, 60);
    assert_int_equal(answered + limited, 100'000);
}

void what_is_no_question_takes_nothing_from_the_limit(void**) {
    World world;
    auto bad = World::question();
    bad.write.data[0] = 9;
    for (int i = 0; i < 1000; ++i)
        world.ask(bad);
    assert_true(world.ask(World::question()).outcome == Outcome::Answered);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered_with_our_name),
        cmocka_unit_test(without_block_storage_it_is_silent),
        cmocka_unit_test(a_name_of_128_characters_is_told_by_its_label),
        cmocka_unit_test(size_version_and_name_are_verified_in_this_order),
        cmocka_unit_test(who_is_no_neighbour_is_not_answered),
        cmocka_unit_test(each_source_has_a_limit),
        cmocka_unit_test(what_is_no_question_takes_nothing_from_the_limit),
    };
    return cmocka_run_group_tests_name("responder", tests, nullptr, nullptr);
}
