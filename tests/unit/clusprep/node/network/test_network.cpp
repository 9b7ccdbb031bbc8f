// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network on a private bus where firewalld, ipfailoverd and systemd are played, in a network
// namespace of this test's own. Needs root.
#include "clusprep/node/cleanup/service_stop.hpp"
#include "clusprep/node/network/network.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"

#include <arpa/inet.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <optional>

using namespace mpapi;
using namespace mpapi::node;

namespace {

int default_zone(sd_bus_message* call, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(call, "s", "public");
}

int zone_of_interface(sd_bus_message* call, void*, sd_bus_error*) {
    const char* name = nullptr;
    sd_bus_message_read(call, "s", &name);
    return sd_bus_reply_method_return(call, "s", std::string_view(name) == "here" ? "work" : "");
}

const sd_bus_vtable kFirewalld[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("getDefaultZone", "", "s", default_zone, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
const sd_bus_vtable kZone[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("getZoneOfInterface", "s", "s", zone_of_interface, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

// Answers by the last byte of the destination.
int play_echo(sd_bus_message* call, void*, sd_bus_error* error) {
    const char* source = nullptr;
    const char* destination = nullptr;
    const char* family = nullptr;
    std::uint32_t size = 0;
    std::uint32_t timeout = 0;
    sd_bus_message_read(call, "sssuu", &source, &destination, &family, &size, &timeout);
    const std::string_view to = destination;
    if (to == "10.9.0.3") return sd_bus_error_set(error, "org.mpapi.Network1.Error.TimedOut", "no");
    if (to == "10.9.0.4")
        return sd_bus_error_set(error, "org.mpapi.Network1.Error.HostUnreachable", "no");
    if (to == "10.9.0.5") return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "no");
    if (to == "fe80::2%3" && std::string_view(family) == "ipv6" && timeout == 1000)
        return sd_bus_reply_method_return(call, "u", 5);
    return sd_bus_reply_method_return(call, "u", timeout);
}

const sd_bus_vtable kNetwork1[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Echo", "sssuu", "u", play_echo, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

// Units end as their name says.
int stop_unit(sd_bus_message* call, void*, sd_bus_error* error) {
    const char* unit = nullptr;
    const char* mode = nullptr;
    sd_bus_message_read(call, "ss", &unit, &mode);
    const std::string name = unit;
    if (name == "absent.service")
        return sd_bus_error_set(error, "org.freedesktop.systemd1.NoSuchUnit", "not loaded");
    if (name == "denied.service")
        return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "denied");
    sd_bus* bus = sd_bus_message_get_bus(call);
    const auto removed = [&](const char* job, const char* result) {
        sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                           "JobRemoved", "uoss", 1u, job, unit, result);
    };
    const char* job = "/org/freedesktop/systemd1/job/7";
    removed("/org/freedesktop/systemd1/job/6", "failed"); // of somebody else
    if (name == "early.service") removed(job, "done");
    sd_bus_reply_method_return(call, "o", job);
    if (name == "pacemaker.service") removed(job, "done");
    if (name == "stuck.service") removed(job, "timeout");
    return 1;
}

int subscribe(sd_bus_message* call, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(call, nullptr);
}

const sd_bus_vtable kManager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StopUnit", "ss", "o", stop_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Subscribe", "", "", subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
    SD_BUS_VTABLE_END,
};

struct World {
    World() {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
        ours = bus.connect(raw);
        others = bus.connect(raw);
        HostNetwork::Means means;
        means.loop = raw;
        means.bus = ours.get();
        means.rule_set_socket = "/nowhere/rule-set.socket";
        means.ports = {50000};
        means.note = [this](const std::string& note) { notes += note + "\n"; };
        means.id = [](const std::string& name, unsigned number) {
            return Result<ndr::Guid>(ndr::Guid{static_cast<std::uint32_t>(name.size()),
                                               static_cast<std::uint16_t>(number),
                                               1,
                                               {}});
        };
        network.emplace(means);
    }
    void add(const char* path, const char* interface, const sd_bus_vtable* table) {
        assert_true(
            sd_bus_add_object_vtable(others.get(), nullptr, path, interface, table, nullptr) >= 0);
    }
    void own(const char* name) { assert_true(sd_bus_request_name(others.get(), name, 0) >= 0); }
    void play_firewalld() {
        add("/org/fedoraproject/FirewallD1", "org.fedoraproject.FirewallD1", kFirewalld);
        add("/org/fedoraproject/FirewallD1", "org.fedoraproject.FirewallD1.zone", kZone);
        own("org.fedoraproject.FirewallD1");
    }
    template <typename T>
    T wait(std::optional<T>& result) {
        while (!result)
            assert_true(sd_event_run(loop.get(), 20'000'000) > 0);
        return *result;
    }
    std::map<std::string, csvp::AdapterFirewall> firewalls() {
        std::optional<csvp::Outcome<std::vector<csvp::Adapter>>> adapters;
        network->adapters([&](auto outcome) { adapters = std::move(outcome); });
        std::optional<csvp::Outcome<std::vector<csvp::AdapterFirewall>>> found;
        network->adapter_firewalls([&](auto outcome) { found = std::move(outcome); });
        assert_true(bool(wait(found)));
        assert_true(bool(*adapters));
        assert_int_equal((*found)->size(), (*adapters)->size());
        std::map<std::string, csvp::AdapterFirewall> by_name;
        for (std::size_t i = 0; i < (*found)->size(); ++i) {
            assert_true((**found)[i].adapter == (**adapters)[i].ids[0]);
            by_name.emplace((**adapters)[i].name, (**found)[i]);
        }
        return by_name;
    }
    csvp::Outcome<std::chrono::milliseconds> echo(const char* to, int timeout = 100) {
        csvp::IpAddress address;
        const bool v6 = std::strchr(to, ':');
        address.family = v6 ? csvp::AddressFamily::V6 : csvp::AddressFamily::V4;
        address.scope = v6 ? 3 : 0;
        ::inet_pton(v6 ? AF_INET6 : AF_INET, to, address.bytes.data());
        std::optional<csvp::Outcome<std::chrono::milliseconds>> took;
        network->echo(address, address, std::chrono::milliseconds(timeout),
                      [&](auto outcome) { took = outcome; });
        return wait(took);
    }
    Status stop(const char* unit, bool await = true) {
        ServiceStop stopper(ours.get());
        std::optional<Status> result;
        stopper.stop(unit, await, [&](Status status) { result = std::move(status); });
        return wait(result);
    }

    multipathd::PrivateBus bus;
    EventLoop loop;
    Bus ours, others;
    std::optional<HostNetwork> network;
    std::string notes;
};

void a_zone_of_firewalld_is_the_profile(void**) {
    World world;
    world.play_firewalld();
    const auto found = world.firewalls();
    assert_true(found.at("here").profile == csvp::NetworkProfile::Private);
    assert_true(found.at("there").profile == csvp::NetworkProfile::Public); // in the default zone
    // What the zones let in is not asked, and no rule set is read here.
    assert_false(found.at("here").server || found.at("there").common);
}

void a_firewalld_that_answers_nonsense_is_told(void**) {
    World world;
    world.own("org.fedoraproject.FirewallD1");
    assert_true(world.firewalls().at("here").profile == csvp::NetworkProfile::Private); // 10.9.0.1
    assert_contains(world.notes, "ask firewalld: ");
}

void without_any_word_of_a_firewall_nothing_is_let_in(void**) {
    World world;
    const auto found = world.firewalls();
    assert_false(found.at("here").common);
    assert_contains(world.notes, "connect to /nowhere/rule-set.socket");
    assert_true(found.at("here").profile == csvp::NetworkProfile::Private); // 10.9.0.1
}

void an_echo_is_asked_of_ipfailoverd(void**) {
    World world;
    world.add("/org/mpapi/Network1", "org.mpapi.Network1", kNetwork1);
    world.own("org.mpapi.Network1");
    const auto took = world.echo("10.9.0.2");
    assert_true(took && took->count() == 100);
    assert_true(world.echo("10.9.0.2", 60'000)->count() == 1000); // never longer
    assert_true(world.echo("fe80::2", 5000)->count() == 5);
    assert_true(world.echo("10.9.0.3").failure().code == csvp::Hresult::Timeout);
    assert_true(world.echo("10.9.0.4").failure().code == csvp::Hresult::HostUnreachable);
    assert_true(world.echo("10.9.0.5").failure().code == csvp::Hresult::AccessDenied);
}

void an_echo_without_ipfailoverd_fails(void**) {
    World world;
    assert_true(world.echo("10.9.0.2").failure().code == csvp::Hresult::Failed);
}

void a_unit_is_stopped_by_systemd(void**) {
    World world;
    world.add("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", kManager);
    world.own("org.freedesktop.systemd1");
    assert_ok(world.stop("pacemaker.service"));
    assert_ok(world.stop("early.service")); // ended before the call was answered
    assert_ok(world.stop("absent.service"));
    assert_ok(world.stop("forever.service", false));
    assert_contains(world.stop("stuck.service").error().message(), "timeout");
    assert_contains(world.stop("denied.service").error().message(), "denied");
}

void without_systemd_a_unit_is_not_stopped(void**) {
    World world;
    assert_false(world.stop("pacemaker.service").has_value());
}

} // namespace

int main() {
    if (::unshare(CLONE_NEWNET) != 0) {
        std::puts("skipped: needs root for a network namespace of its own");
        return 77;
    }
    if (std::system("ip link add there type veth peer name here && ip link set here up && "
                    "ip link set there up && ip addr add 10.9.0.1/24 dev here") != 0)
        return 1;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_of_firewalld_is_the_profile),
        cmocka_unit_test(a_firewalld_that_answers_nonsense_is_told),
        cmocka_unit_test(without_any_word_of_a_firewall_nothing_is_let_in),
        cmocka_unit_test(an_echo_is_asked_of_ipfailoverd),
        cmocka_unit_test(an_echo_without_ipfailoverd_fails),
        cmocka_unit_test(a_unit_is_stopped_by_systemd),
        cmocka_unit_test(without_systemd_a_unit_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
