// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Real echoes in a network namespace of this test's own. Needs root.
#include "common/system/handle.hpp"
#include "failover/echo/echoes.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <vector>

using namespace mpapi;
using failover::Address;
using failover::Echoes;
using namespace std::chrono_literals;

namespace {

using Took = Result<std::chrono::microseconds>;

void run(const char* command) {
    if (std::system(command) != 0) fail_msg("%s", command);
}

// 10.9.0.1 has a neighbour 10.9.0.2 that is no machine.
int make_network(void**) {
    run("ip link set lo up");
    run("ip link add there type veth peer name here");
    run("ip link set here up && ip link set there up");
    run("ip addr add 10.9.0.1/24 dev here");
    run("ip -6 addr add fe80::9/64 dev here nodad");
    run("ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev here");
    run("ip route add unreachable 10.8.0.0/24");
    return 0;
}

class World {
  public:
    explicit World(Echoes::Means means = {}) {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop_.reset(raw);
        echoes_.emplace(loop_.get(), std::move(means));
    }
    void start(const char* source, const char* destination, std::chrono::milliseconds timeout = 1s,
               std::size_t size = 32) {
        const auto from = Address::parse(source);
        const auto to = Address::parse(destination);
        assert_ok(from);
        assert_ok(to);
        results_.emplace_back();
        const std::size_t place = results_.size() - 1;
        echoes_->start({*from, *to, size, timeout}, [this, place](Took took) {
            assert_false(results_[place].has_value());
            results_[place] = std::move(took);
        });
    }
    const std::vector<std::optional<Took>>& all() {
        for (const auto& each : results_)
            while (!each)
                assert_true(sd_event_run(loop_.get(), UINT64_MAX) >= 0);
        return results_;
    }
    Took one(const char* source, const char* destination, std::chrono::milliseconds timeout = 1s,
             std::size_t size = 32) {
        start(source, destination, timeout, size);
        return *all().back();
    }
    void forget_echoes() { echoes_.reset(); }
    sd_event* loop() { return loop_.get(); }

  private:
    EventLoop loop_;
    std::optional<Echoes> echoes_;
    std::vector<std::optional<Took>> results_;
};

void this_host_answers_in_both_families(void**) {
    World world;
    for (const char* address : {"127.0.0.1", "::1", "10.9.0.1", "fe80::9%here"}) {
        const Took took = world.one(address, address);
        assert_ok(took);
        assert_true(*took >= 0us && *took < 1s);
    }
}

void every_size_is_carried(void**) {
    World world;
    for (const std::size_t size : {0u, 1u, 7u, 1472u, 8192u})
        assert_ok(world.one("127.0.0.1", "127.0.0.1", 1s, size));
    assert_ok(world.one("::1", "::1", 1s, 8192));
}

void a_link_local_destination_is_in_the_zone_of_the_source(void**) {
    World world;
    assert_ok(world.one("fe80::9%here", "fe80::9"));
}

void silence_is_a_timeout(void**) {
    World world;
    const Took took = world.one("10.9.0.1", "10.9.0.2", 30ms);
    assert_int_equal(took.error().errnum, ETIMEDOUT);
}

void what_the_network_says_is_told(void**) {
    World world;
    assert_int_equal(world.one("10.9.0.3", "10.9.0.1").error().errnum, EADDRNOTAVAIL);
    assert_int_equal(world.one("10.9.0.1", "10.8.0.1").error().errnum, EHOSTUNREACH);
    assert_int_equal(world.one("10.9.0.1", "192.0.2.1").error().errnum, ENETUNREACH);
    assert_int_equal(world.one("10.9.0.1", "10.9.0.255").error().errnum, EACCES);
    assert_int_equal(world.one("10.9.0.1", "224.0.0.1").error().errnum, EINVAL);
    assert_int_equal(world.one("10.9.0.1", "::1").error().errnum, EINVAL);
}

void many_at_once_each_get_their_own_reply(void**) {
    World world;
    for (int i = 0; i < 40; ++i)
        world.start(i % 2 ? "127.0.0.1" : "::1", i % 2 ? "127.0.0.1" : "::1");
    for (const auto& took : world.all())
        assert_ok(*took);
}

void more_than_the_limit_are_refused_at_once(void**) {
    Echoes::Means means;
    means.at_once = 2;
    World world(means);
    for (int i = 0; i < 3; ++i)
        world.start("10.9.0.1", "10.9.0.2", 30ms);
    assert_int_equal(world.all().back()->error().errnum, EAGAIN);
    assert_int_equal(world.all().front()->error().errnum, ETIMEDOUT);
    assert_ok(world.one("127.0.0.1", "127.0.0.1"));
}

void drawn_numbers_come_from_the_source_given(void**) {
    Echoes::Means means;
    means.draw = [byte = std::uint8_t{0}](std::span<std::uint8_t> bytes) mutable -> Status {
        for (auto& each : bytes)
            each = byte++;
        return Done{};
    };
    World world(means);
    world.start("127.0.0.1", "127.0.0.1");
    world.start("127.0.0.1", "127.0.0.1");
    for (const auto& took : world.all())
        assert_ok(*took);
}

void randomness_that_fails_is_told(void**) {
    Echoes::Means means;
    means.draw = [](std::span<std::uint8_t>) -> Status { return Error{"draw", "", "", EIO}; };
    World world(means);
    assert_int_equal(world.one("127.0.0.1", "127.0.0.1").error().errnum, EIO);
}

void those_under_way_end_with_their_owner(void**) {
    World world;
    world.start("10.9.0.1", "10.9.0.2", 1ms);
    world.forget_echoes();
    assert_int_equal(sd_event_run(world.loop(), 20'000), 0); // nothing is left to happen
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(this_host_answers_in_both_families),
        cmocka_unit_test(every_size_is_carried),
        cmocka_unit_test(a_link_local_destination_is_in_the_zone_of_the_source),
        cmocka_unit_test(silence_is_a_timeout),
        cmocka_unit_test(what_the_network_says_is_told),
        cmocka_unit_test(many_at_once_each_get_their_own_reply),
        cmocka_unit_test(more_than_the_limit_are_refused_at_once),
        cmocka_unit_test(drawn_numbers_come_from_the_source_given),
        cmocka_unit_test(randomness_that_fails_is_told),
        cmocka_unit_test(those_under_way_end_with_their_owner),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
