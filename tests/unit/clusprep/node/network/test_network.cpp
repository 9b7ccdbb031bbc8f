// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network on a private bus where ipfailoverd and systemd are played.
#include "clusprep/node/cleanup/service_stop.hpp"
#include "clusprep/node/network/network.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"

#include <arpa/inet.h>

#include <cstring>
#include <map>
#include <optional>

using namespace mpapi;
using namespace mpapi::node;

namespace {

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

// Of ipfailoverd's firewall.
struct Played {
    unsigned adapters = 2; // "here", "there", "a2", "a3", ...
    std::size_t asked = 0; // packets
    unsigned calls = 0;
    std::string fails; // a method
    bool short_answer = false;
    bool holds = false;
    std::vector<BusMessage> held; // calls of List() that are not answered

    bool refuse(const char* method, sd_bus_error* error) const {
        if (fails != method) return false;
        sd_bus_error_set(error, "org.mpapi.Network1.Error.Failed", "No rules today.");
        return true;
    }
};

int play_list(sd_bus_message* call, void* userdata, sd_bus_error* error) {
    Played& played = *static_cast<Played*>(userdata);
    if (played.refuse("List", error)) return -1;
    if (played.holds) {
        played.held.emplace_back(sd_bus_message_ref(call));
        return 1;
    }
    sd_bus_message* raw = nullptr;
    assert_true(sd_bus_message_new_method_return(call, &raw) >= 0);
    const BusMessage reply(raw);
    assert_true(sd_bus_message_open_container(raw, 'a', "a{sv}") >= 0);
    for (unsigned i = 0; i < played.adapters; ++i) {
        const std::string name = i == 0 ? "here" : i == 1 ? "there" : "a" + std::to_string(i);
        assert_true(sd_bus_message_append(raw, "a{sv}", 5, "index", "u", i + 1, "name", "s",
                                          name.c_str(), "status", "s", i == 0 ? "up" : "down",
                                          "type", "u", 6u, "addresses", "as", i == 0 ? 1 : 0,
                                          "10.9.0.1/24") >= 0);
    }
    assert_true(sd_bus_message_close_container(raw) >= 0);
    return sd_bus_send(nullptr, raw, nullptr);
}

int play_zones(sd_bus_message* call, void* userdata, sd_bus_error* error) {
    if (static_cast<Played*>(userdata)->refuse("Zones", error)) return -1;
    return sd_bus_reply_method_return(call, "sa{ss}", "public", 1, "here", "work");
}

// Lets in all but UDP, and nothing on others than "here".
int play_judge(sd_bus_message* call, void* userdata, sd_bus_error* error) {
    Played& played = *static_cast<Played*>(userdata);
    ++played.calls;
    if (played.refuse("Judge", error)) return -1;
    sd_bus_message* raw = nullptr;
    assert_true(sd_bus_message_new_method_return(call, &raw) >= 0);
    const BusMessage reply(raw);
    assert_true(sd_bus_message_open_container(raw, 'a', "(bs)") >= 0);
    assert_true(sd_bus_message_enter_container(call, 'a', "(ssssq)") > 0);
    const char* adapter = nullptr;
    const char* source = nullptr;
    const char* to = nullptr;
    const char* protocol = nullptr;
    std::uint16_t port = 0;
    while (sd_bus_message_read(call, "(ssssq)", &adapter, &source, &to, &protocol, &port) > 0) {
        ++played.asked;
        const bool here = std::string_view(adapter) == "here";
        if (here) {
            assert_text_equal(std::string(source), "10.9.0.1/24");
            assert_text_equal(std::string(to), "10.9.0.1");
        } else {
            assert_text_equal(std::string(source), "0.0.0.0/0");
        }
        const bool allowed = here && std::string_view(protocol) != "udp";
        if (!played.short_answer)
            assert_true(sd_bus_message_append(raw, "(bs)", allowed, allowed ? "" : "closed") >= 0);
    }
    assert_true(sd_bus_message_close_container(raw) >= 0);
    return sd_bus_send(nullptr, raw, nullptr);
}

const sd_bus_vtable kAdapters[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("List", "", "aa{sv}", play_list, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
const sd_bus_vtable kFirewall[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Judge", "a(ssssq)", "a(bs)", play_judge, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Zones", "", "sa{ss}", play_zones, SD_BUS_VTABLE_UNPRIVILEGED),
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
        means.bus = ours.get();
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
            sd_bus_add_object_vtable(others.get(), nullptr, path, interface, table, &played) >= 0);
    }
    void own(const char* name) { assert_true(sd_bus_request_name(others.get(), name, 0) >= 0); }
    void play_ipfailoverd() {
        add("/org/mpapi/Network1", "org.mpapi.Network1", kNetwork1);
        add("/org/mpapi/Network1", "org.mpapi.Network1.Adapters", kAdapters);
        add("/org/mpapi/Network1", "org.mpapi.Network1.Firewall", kFirewall);
        own("org.mpapi.Network1");
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
        assert_true(bool(wait(adapters)));
        std::optional<csvp::Outcome<std::vector<csvp::AdapterFirewall>>> found;
        network->adapter_firewalls([&](auto outcome) { found = std::move(outcome); });
        assert_true(bool(wait(found)));
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
    Played played;
    std::string notes;
};

void the_firewall_is_as_ipfailoverd_judges_it(void**) {
    World world;
    world.play_ipfailoverd();
    const auto found = world.firewalls();
    const csvp::AdapterFirewall& here = found.at("here");
    assert_true(here.profile == csvp::NetworkProfile::Private); // firewalld's zone "work"
    assert_true(found.at("there").profile == csvp::NetworkProfile::Public); // in the default zone
    assert_false(here.server);                                              // UDP 3343
    assert_true(here.management && here.common);
    assert_false(found.at("there").common);
    assert_contains(world.notes, "firewall: UDP port 3343 is not let in on here: closed");
    std::optional<csvp::Outcome<csvp::HostFirewall>> host;
    world.network->host_firewall([&](auto outcome) { host = outcome; });
    const auto whole = world.wait(host);
    assert_false(whole->server);
    assert_true(whole->management); // "there" is down
}

void many_adapters_are_judged_by_several_calls(void**) {
    World world;
    world.play_ipfailoverd();
    world.played.adapters = 1000;
    assert_int_equal(world.firewalls().size(), 1000);
    assert_int_equal(world.played.asked, 6000); // six needs, one address or none
    assert_int_equal(world.played.calls, 2);
}

void what_ipfailoverd_cannot_tell_is_not_let_in(void**) {
    for (const char* method : {"Zones", "Judge"}) {
        World world;
        world.play_ipfailoverd();
        world.played.fails = method;
        const auto found = world.firewalls();
        assert_true(found.at("here").profile == csvp::NetworkProfile::Private); // 10.9.0.1
        assert_true(found.at("here").common == (world.played.fails == "Zones"));
        assert_contains(world.notes, "No rules today.");
    }
    World world;
    world.play_ipfailoverd();
    world.played.short_answer = true;
    assert_false(world.firewalls().at("here").common);
    assert_contains(world.notes, "its answer is not understood");
}

void without_adapters_there_is_no_answer(void**) {
    World world;
    const auto failed = [&] {
        std::optional<csvp::Outcome<csvp::HostFirewall>> host;
        world.network->host_firewall([&](auto outcome) { host = outcome; });
        return world.wait(host).failure();
    };
    assert_true(failed().code == csvp::Hresult::Failed); // no ipfailoverd
    world.play_ipfailoverd();
    world.played.fails = "List";
    assert_contains(failed().error.message(), "No rules today.");
}

// More of one program it refuses.
void adapters_are_asked_for_by_eight_calls_at_once(void**) {
    World world;
    world.play_ipfailoverd();
    world.played.holds = true;
    unsigned ended = 0;
    for (int i = 0; i < 20; ++i)
        world.network->adapters([&](auto outcome) {
            assert_true(bool(outcome));
            ++ended;
        });
    std::size_t most = 0;
    while (ended < 20) {
        while (sd_event_run(world.loop.get(), 50'000) > 0) {
        }
        most = std::max(most, world.played.held.size());
        for (const BusMessage& call : std::exchange(world.played.held, {}))
            assert_true(sd_bus_reply_method_return(call.get(), "aa{sv}", 0) >= 0);
    }
    assert_true(most <= 8);
}

void an_echo_is_asked_of_ipfailoverd(void**) {
    World world;
    world.play_ipfailoverd();
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
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_firewall_is_as_ipfailoverd_judges_it),
        cmocka_unit_test(many_adapters_are_judged_by_several_calls),
        cmocka_unit_test(what_ipfailoverd_cannot_tell_is_not_let_in),
        cmocka_unit_test(without_adapters_there_is_no_answer),
        cmocka_unit_test(adapters_are_asked_for_by_eight_calls_at_once),
        cmocka_unit_test(an_echo_is_asked_of_ipfailoverd),
        cmocka_unit_test(an_echo_without_ipfailoverd_fails),
        cmocka_unit_test(a_unit_is_stopped_by_systemd),
        cmocka_unit_test(without_systemd_a_unit_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
