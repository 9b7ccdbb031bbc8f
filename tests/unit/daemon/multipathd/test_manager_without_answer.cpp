// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A multipathd that does not run, hangs or goes.
#include "tests/unit/daemon/multipathd/managed_map.hpp"

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

void nothing_is_asked_while_it_does_not_run(void**) {
    World world;
    world.systemd->set("inactive");
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TryAgain);
    assert_contains(text, "multipathd.service is inactive");
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), 0);
    assert_text_equal(world.file(), "");
}

void one_that_stops_amid_it_ends_it_with_try_again(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.start();
    world.begin(selector("queue-length 0"));
    world.run([&] { return world.multipathd->deeds() == "reconfigure"; });
    world.systemd->set("deactivating");
    const auto text = World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_contains(text, "deactivating");
    assert_text_equal(world.file(), ""); // what it reads when it starts again
    world.run_dry();
    const std::size_t asked = world.multipathd->commands().size();
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), asked);
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void one_that_stops_before_systemd_tells_is_not_connected_to(void**) {
    World world;
    world.start();
    world.systemd->set_untold("inactive");
    World::expect(world.pursue(selector("queue-length 0")), paths::Refusal::TryAgain);
    assert_int_equal(world.multipathd->commands().size(), 0);
}

// Each request: its stop may come between any two.
void one_that_stops_amid_it_before_systemd_tells_is_not_connected_to(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.options.limits.proof = 5s;
    world.start();
    world.begin(selector("queue-length 0"));
    world.run([&] { return world.multipathd->deeds() == "reconfigure"; });
    world.systemd->set_untold("inactive");
    const std::size_t asked = world.multipathd->commands().size();
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_in_range(world.multipathd->commands().size(), asked, asked + 1); // one was under way
}

void one_that_stops_before_the_proof_is_there_is_not_waited_for(void**) {
    World world;
    world.options.limits.proof = 8s;
    world.start();
    world.make(selector("queue-length 0"));
    world.multipathd->behaves("del path sdd", "fail");
    paths::Intents wanted = world.asked;
    wanted.disabled.insert(name_of("sdd"));
    world.begin(wanted);
    world.run([&] { return world.multipathd->deeds() == "reconfigure, del path sdd"; });
    world.run_dry();
    const auto begin = std::chrono::steady_clock::now();
    world.systemd->set("inactive");
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_true(std::chrono::steady_clock::now() - begin < 4s);
    assert_true(world.record.empty());
}

void one_that_hangs_ends_it_with_few_requests(void**) {
    World world;
    world.start();
    for (const char* command : {"show config", "reconfigure"}) {
        world.multipathd->behaves_well();
        world.multipathd->behaves(command, "hang");
        world.multipathd->forget();
        const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
        assert_contains(text, "no answer in time");
        assert_true(world.multipathd->commands().size() <= 4);
        assert_text_equal(world.file(), "");
    }
}

void one_that_closes_the_connection_ends_it(void**) {
    World world;
    world.start();
    world.multipathd->behaves("reconfigure", "close");
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::Failed);
    assert_contains(text, "closed the connection");
    assert_contains(text, "could not be put back");
    assert_true(world.multipathd->commands().size() <= 4);
    assert_text_equal(world.file(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_while_it_does_not_run),
        cmocka_unit_test(one_that_stops_amid_it_ends_it_with_try_again),
        cmocka_unit_test(one_that_stops_before_systemd_tells_is_not_connected_to),
        cmocka_unit_test(one_that_stops_amid_it_before_systemd_tells_is_not_connected_to),
        cmocka_unit_test(one_that_stops_before_the_proof_is_there_is_not_waited_for),
        cmocka_unit_test(one_that_hangs_ends_it_with_few_requests),
        cmocka_unit_test(one_that_closes_the_connection_ends_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
