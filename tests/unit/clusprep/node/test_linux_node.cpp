// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parts put together, on a private bus with a systemd that is played.
#include "clusprep/node/disks/bus_disks.hpp"
#include "clusprep/node/linux_node.hpp"
#include "common/system/replace_file.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>

using namespace mpapi;
using namespace mpapi::node;
using namespace std::chrono_literals;

namespace {

int stop_unit(sd_bus_message* call, void* userdata, sd_bus_error* error) {
    const char* unit = nullptr;
    sd_bus_message_read(call, "ss", &unit, nullptr);
    *static_cast<std::string*>(userdata) += std::string("stop ") + unit + " ";
    return sd_bus_error_set(error, "org.freedesktop.systemd1.NoSuchUnit", "it does not run");
}

int subscribe(sd_bus_message* call, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(call, nullptr);
}

const sd_bus_vtable kManager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StopUnit", "ss", "o", stop_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Subscribe", "", "", subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

class World {
  public:
    World() {
        assert_non_null(::mkdtemp(folder_.data()));
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
        ours = bus.connect(raw);
        others = bus.connect(raw);
        assert_true(sd_bus_add_object_vtable(others.get(), nullptr, "/org/freedesktop/systemd1",
                                             "org.freedesktop.systemd1.Manager", kManager,
                                             &done) >= 0);
        assert_true(sd_bus_request_name(others.get(), "org.freedesktop.systemd1", 0) >= 0);
        disks.emplace(ours.get());
        begin();
    }
    ~World() { std::filesystem::remove_all(folder_.data()); }
    void begin() {
        LinuxNode::Options options;
        options.state_directory = folder_.data();
        options.full_name = "node1.example.org";
        options.cluster_service = "corosync.service";
        options.seal_socket = options.state_directory + "/no-seal";
        node.emplace(
            loop.get(), ours.get(), *disks,
            [this](Cleanup::Then then) {
                done += "disks ";
                then(Done{});
            },
            options, [](int, const std::string&) {});
    }
    std::string secret() const { return std::string(folder_.data()) + "/secret"; }
    template <typename T>
    void wait(const std::optional<T>& result) {
        while (!result)
            assert_true(sd_event_run(loop.get(), 20'000'000) > 0);
    }

    multipathd::PrivateBus bus;
    EventLoop loop;
    Bus ours, others;
    std::string done;
    std::optional<BusDisks> disks;
    std::optional<LinuxNode> node;

  private:
    std::array<char, 32> folder_{"/tmp/linux-node-XXXXXX"};
};

void a_cleanup_stops_the_service_and_removes_the_secret(void**) {
    World world;
    assert_ok(replace_file(world.secret(), "sealed", 0600));
    assert_ok(world.node->start());
    std::optional<csvp::Outcome<Done>> outcome;
    world.node->cleanup().clean_up({0ms, 10s}, [&](auto result) { outcome = std::move(result); });
    world.wait(outcome);
    assert_true(bool(*outcome));
    assert_text_equal(world.done, "stop corosync.service disks ");
    assert_int_not_equal(::access(world.secret().c_str(), F_OK), 0);
}

void a_cleanup_that_timed_out_goes_on_after_a_restart(void**) {
    World world;
    assert_ok(replace_file(world.secret(), "sealed", 0600));
    std::optional<csvp::Outcome<Done>> outcome;
    world.node->cleanup().clean_up({100ms, 1ms}, [&](auto result) { outcome = std::move(result); });
    world.wait(outcome);
    assert_true(outcome->failure().code == csvp::Hresult::WaitTimeout);
    assert_text_equal(world.done, "");
    world.begin();
    assert_ok(world.node->start());
    while (world.done != "stop corosync.service disks ")
        assert_true(sd_event_run(world.loop.get(), 20'000'000) > 0);
    assert_int_not_equal(::access(world.secret().c_str(), F_OK), 0);
}

void a_secret_that_cannot_be_sealed_says_why(void**) {
    World world;
    const std::array<std::uint8_t, 2> bytes{1, 2};
    std::optional<csvp::Outcome<Done>> outcome;
    world.node->secret().store(bytes, [&](auto result) { outcome = std::move(result); });
    world.wait(outcome);
    assert_contains(outcome->failure().error.message(), "no-seal");
    std::optional<csvp::Outcome<std::optional<std::vector<std::uint8_t>>>> found;
    world.node->secret().retrieve([&](auto result) { found = std::move(result); });
    world.wait(found);
    assert_true(bool(*found) && !**found);
}

void the_host_has_the_name_that_was_configured(void**) {
    World world;
    std::optional<csvp::Outcome<std::string>> name;
    world.node->host().full_name([&](auto result) { name = std::move(result); });
    assert_text_equal(**name, "node1.example.org");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cleanup_stops_the_service_and_removes_the_secret),
        cmocka_unit_test(a_cleanup_that_timed_out_goes_on_after_a_restart),
        cmocka_unit_test(a_secret_that_cannot_be_sealed_says_why),
        cmocka_unit_test(the_host_has_the_name_that_was_configured),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
