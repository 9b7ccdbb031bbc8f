// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libMPAPI and the Linux plugin, as a client sees them: a getter on a snapshot that is mapped, from
// a fault to the callback, and the first call of a process. The fault is a call over the bus, so a
// hop through dbus-daemon is in that figure; what follows is what the plugin does: it is woken, has
// the new snapshot, asks what changed and calls.
//
// `bench-mpapi first` is such a process: it prints how long its first calls took.
#include "library/include/mpapi.h"
#include "bench/san.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>

using namespace mpapi;
using namespace mpapi::bench;

namespace {

constexpr unsigned kTimes = 1'000;

void expect(MP_STATUS status, const char* what) {
    if (status != MP_STATUS_SUCCESS) fail(std::string(what) + ": status " + std::to_string(status));
}

MP_OID plugin() {
    MP_OID_LIST* list = nullptr;
    expect(MP_GetPluginOidList(&list), "MP_GetPluginOidList");
    if (list->oidCount != 1) fail("there is not one plugin");
    const MP_OID oid = list->oids[0];
    MP_FreeOidList(list);
    return oid;
}

std::vector<MP_OID> taken(MP_OID_LIST* list) {
    const MP_OID* const begin = list->oids;
    std::vector<MP_OID> oids(begin, begin + list->oidCount);
    MP_FreeOidList(list);
    return oids;
}

std::vector<MP_OID> units() {
    MP_OID_LIST* list = nullptr;
    expect(MP_GetMultipathLus(plugin(), &list), "MP_GetMultipathLus");
    return taken(list);
}

std::vector<MP_OID> paths() {
    std::vector<MP_OID> all;
    for (const MP_OID& unit : units()) {
        MP_OID_LIST* list = nullptr;
        expect(MP_GetAssociatedPathOidList(unit, &list), "MP_GetAssociatedPathOidList");
        for (const MP_OID& path : taken(list))
            all.push_back(path);
    }
    return all;
}

// From here on this process, and those it starts, are clients of that bus.
void use(const PrivateBus& bus) {
    const std::string file = bus.folder() + "/mpapi.conf";
    std::ofstream(file) << "org.mpapi.linux\t" MPAPI_LINUX "\n";
    ::setenv("MPAPI_CONF", file.c_str(), 1);
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address().c_str(), 1);
}

void getter() {
    std::vector<MP_OID> all = paths();
    std::shuffle(all.begin(), all.end(), std::mt19937(1)); // no two neighbours of one unit
    std::vector<double> nanoseconds;
    constexpr std::size_t batch = 100;
    for (std::size_t at = 0; at + batch <= all.size(); at += batch) {
        MP_PATH_LOGICAL_UNIT_PROPERTIES properties;
        const auto began = Clock::now();
        for (std::size_t n = 0; n < batch; ++n)
            if (MP_GetPathLogicalUnitProperties(all[at + n], &properties) != MP_STATUS_SUCCESS)
                fail("MP_GetPathLogicalUnitProperties");
        nanoseconds.push_back(milliseconds(Clock::now() - began) * 1e6 / batch);
    }
    print({"10 000 x 8: MP_GetPathLogicalUnitProperties, warm snapshot, median",
           median(nanoseconds) / 1e3, "us", 1,
           "each path once in random order, " + std::to_string(all.size()) +
               " paths; p99 of batches of 100 " + text(percentile(nanoseconds, 0.99) / 1e3)});
}

std::atomic<unsigned> called{0};

void on_change(MP_OID_LIST*, void*) {
    called.fetch_add(1);
    called.notify_all();
}

void from_fault_to_callback(const PrivateBus& bus, const char* scale) {
    const Bus client = bus.connect();
    const MP_STATUS status =
        MP_RegisterForObjectPropertyChanges(on_change, MP_OBJECT_TYPE_PATH_LU, nullptr, plugin());
    expect(status, "MP_RegisterForObjectPropertyChanges");
    std::vector<double> lost;
    for (unsigned n = 0; n < 2 * kTimes; ++n) {
        const unsigned before = called.load();
        const auto began = Clock::now();
        cause(client.get(), n % 2 ? "PathRestored" : "PathLost", "sda");
        called.wait(before);
        if (n % 2 == 0) lost.push_back(milliseconds(Clock::now() - began));
    }
    if (called != 2 * kTimes)
        fail("each change is told once, but " + std::to_string(called) + " callbacks came");
    called = 0;
    expect(MP_DeregisterForObjectPropertyChanges(on_change, MP_OBJECT_TYPE_PATH_LU, plugin()),
           "MP_DeregisterForObjectPropertyChanges");
    print({std::string(scale) + ": a path fails to callback, p99 of 1 000", percentile(lost, 0.99),
           "ms", 5, "p50 " + text(median(lost)) + ", longest " + text(percentile(lost, 1))});
}

int first() {
    const auto began = Clock::now();
    const std::size_t count = units().size();
    std::printf("%f %zu\n", milliseconds(Clock::now() - began), count);
    return count == 0;
}

void first_call(const std::string& self) {
    std::vector<double> times;
    for (unsigned n = 0; n < 50; ++n) {
        std::FILE* const child = ::popen((self + " first").c_str(), "re");
        double took = 0;
        std::size_t count = 0;
        if (child == nullptr || std::fscanf(child, "%lf %zu", &took, &count) != 2 ||
            ::pclose(child) != 0 || count != 1'000)
            fail("bench-mpapi first");
        times.push_back(took);
    }
    print({"1 000 x 8: first MP_ calls of a process (plugin list, unit list), median",
           median(times), "ms", 20,
           "plugin loaded, bus reached, snapshot mapped; longest of 50 " +
               text(percentile(times, 1))});
}

} // namespace

int main(int count, char** words) {
    if (count > 1 && std::strcmp(words[1], "first") == 0) return first();
    const PrivateBus bus;
    {
        const San san(bus, {.units = 1'000, .refresh = false});
        use(bus);
        first_call(words[0]);
        from_fault_to_callback(bus, "1 000 x 8");
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS"); // mpapid-san refuses the system's bus
    }
    const San san(bus, {.refresh = false});
    use(bus);
    getter();
    from_fault_to_callback(bus, "10 000 x 8");
}
