// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-threads SECONDS: eight threads call everything, one registers and deregisters, while the
// test makes paths flap. Ends with 1 and a message when a value cannot be: half of one state and
// half of another, or an object that turned into another one.
#include "library/include/mpapi.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> over{false};
std::atomic<unsigned long> calls{0};
std::atomic<unsigned long> callbacks{0};
MP_OID plugin;

[[noreturn]] void wrong(const char* what, unsigned long long value) {
    std::fprintf(stderr, "mpapi-threads: %s: %llu\n", what, value);
    std::_Exit(1);
}

void check(bool right, const char* what, unsigned long long value) {
    if (!right) wrong(what, value);
}

// An object may go at any time; nothing else may go wrong.
bool there(MP_STATUS status, const char* what) {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (status == MP_STATUS_OBJECT_NOT_FOUND) return false;
    check(status == MP_STATUS_SUCCESS, what, status);
    return true;
}

std::vector<MP_OID> taken(MP_OID_LIST* list) {
    const MP_OID* const begin = list->oids;
    std::vector<MP_OID> oids(begin, begin + list->oidCount);
    MP_FreeOidList(list);
    return oids;
}

template <typename Function>
std::vector<MP_OID> list(Function function, const MP_OID& of, const char* what) {
    MP_OID_LIST* oids = nullptr;
    return there(function(of, &oids), what) ? taken(oids) : std::vector<MP_OID>();
}

// What a path is never changes, whatever state it is in.
struct PathIdentity {
    std::string device;
    MP_UINT64 unit;
    MP_UINT64 target;
};

void look_at_path(const MP_OID& oid, std::map<MP_UINT64, PathIdentity>& known) {
    MP_PATH_LOGICAL_UNIT_PROPERTIES p;
    std::memset(&p, 0xa5, sizeof p);
    if (!there(MP_GetPathLogicalUnitProperties(oid, &p), "path")) return;
    check(p.pathState == MP_PATH_STATE_OKAY || p.pathState == MP_PATH_STATE_PATH_ERR, "path state",
          p.pathState);
    check(p.weight == 1 && p.disabled <= 1, "path", p.disabled);
    const std::size_t length = ::strnlen(p.deviceFileName, sizeof p.deviceFileName);
    check(length < sizeof p.deviceFileName && std::strncmp(p.deviceFileName, "/dev/sd", 7) == 0,
          "device file", length);
    for (std::size_t at = length; at < sizeof p.deviceFileName; ++at)
        check(p.deviceFileName[at] == 0, "rest of the device file", at);
    const PathIdentity now{p.deviceFileName, p.logicalUnitOid.objectSequenceNumber,
                           p.targetPortOid.objectSequenceNumber};
    const PathIdentity& then = known.emplace(oid.objectSequenceNumber, now).first->second;
    check(then.device == now.device && then.unit == now.unit && then.target == now.target,
          "another path", oid.objectSequenceNumber);
}

void look_at_unit(const MP_OID& unit, std::map<MP_UINT64, PathIdentity>& known) {
    MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES p;
    std::memset(&p, 0xa5, sizeof p);
    if (!there(MP_GetMPLogicalUnitProperties(unit, &p), "unit")) return;
    check(std::memcmp(p.vendor, "MPAPI   ", 8) == 0, "vendor", 0);
    check(p.proprietaryPropertyCount <= 8, "properties", p.proprietaryPropertyCount);
    for (const MP_OID& path : list(MP_GetAssociatedPathOidList, unit, "paths of a unit"))
        look_at_path(path, known);
    for (const MP_OID& group : list(MP_GetAssociatedTPGOidList, unit, "groups")) {
        MP_TARGET_PORT_GROUP_PROPERTIES g;
        if (there(MP_GetTargetPortGroupProperties(group, &g), "group"))
            check(g.tpgID <= 2, "group number", g.tpgID); // 0: of a symmetric device
        for (const MP_OID& of : list(MP_GetMPLuOidListFromTPG, group, "units of a group"))
            check(of.objectSequenceNumber == unit.objectSequenceNumber, "unit of a group",
                  of.objectSequenceNumber);
        for (const MP_OID& port : list(MP_GetTargetPortOidList, group, "ports of a group")) {
            MP_TARGET_PORT_PROPERTIES t;
            if (there(MP_GetTargetPortProperties(port, &t), "target port"))
                check(std::strlen(t.portID) == 16, "port id", std::strlen(t.portID));
        }
    }
}

void call_everything(unsigned seed) {
    std::mt19937 random(seed);
    std::map<MP_UINT64, PathIdentity> known;
    while (!over) {
        MP_PLUGIN_PROPERTIES p;
        there(MP_GetPluginProperties(plugin, &p), "plugin");
        const auto units = list(MP_GetMultipathLus, plugin, "units");
        check(!units.empty(), "units", 0);
        for (const MP_OID& unit : units)
            look_at_unit(unit, known);
        for (const MP_OID& port : list(MP_GetInitiatorPortOidList, plugin, "initiator ports")) {
            MP_INITIATOR_PORT_PROPERTIES i;
            there(MP_GetInitiatorPortProperties(port, &i), "initiator port");
            list(MP_GetAssociatedPathOidList, port, "paths of a port");
        }
        for (const MP_OID& product : list(MP_GetDeviceProductOidList, plugin, "products")) {
            MP_DEVICE_PRODUCT_PROPERTIES d;
            there(MP_GetDeviceProductProperties(product, &d), "product");
            list(MP_GetMultipathLus, product, "units of a product");
        }
        for (const MP_OID& algorithm :
             list(MP_GetProprietaryLoadBalanceOidList, plugin, "algorithms")) {
            MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES b;
            there(MP_GetProprietaryLoadBalanceProperties(algorithm, &b), "algorithm");
        }
        const MP_OID unit = units[random() % units.size()];
        const MP_STATUS changed = MP_CancelOverridePath(unit); // of none
        check(changed == MP_STATUS_SUCCESS || changed == MP_STATUS_OBJECT_NOT_FOUND, "change",
              changed);
    }
}

void property_changed(MP_OID_LIST* oids, void*) {
    callbacks.fetch_add(1, std::memory_order_relaxed);
    MP_PATH_LOGICAL_UNIT_PROPERTIES p;
    if (oids->oids[0].objectType == MP_OBJECT_TYPE_PATH_LU)
        there(MP_GetPathLogicalUnitProperties(oids->oids[0], &p), "path inside");
}

void visibility_changed(MP_BOOL, MP_OID_LIST*, void*) {
    callbacks.fetch_add(1, std::memory_order_relaxed);
}

void register_and_deregister() {
    while (!over) {
        for (unsigned type = 0; type <= MP_OBJECT_TYPE_MAX; ++type) {
            const auto objects = static_cast<MP_OBJECT_TYPE>(type);
            MP_RegisterForObjectPropertyChanges(property_changed, objects, nullptr, plugin);
            MP_RegisterForObjectVisibilityChanges(visibility_changed, objects, nullptr, plugin);
        }
        const unsigned long before = callbacks;
        for (int turn = 0; turn < 1'000 && callbacks == before && !over; ++turn)
            std::this_thread::yield();
        for (unsigned type = 0; type <= MP_OBJECT_TYPE_MAX; ++type) {
            const auto objects = static_cast<MP_OBJECT_TYPE>(type);
            check(MP_DeregisterForObjectPropertyChanges(property_changed, objects, plugin) ==
                      MP_STATUS_SUCCESS,
                  "deregister", type);
            check(MP_DeregisterForObjectVisibilityChanges(visibility_changed, objects, plugin) ==
                      MP_STATUS_SUCCESS,
                  "deregister", type);
        }
    }
}

} // namespace

int main(int, char** words) {
    MP_OID_LIST* plugins = nullptr;
    if (MP_GetPluginOidList(&plugins) != MP_STATUS_SUCCESS || plugins->oidCount != 1)
        wrong("plugins", plugins ? plugins->oidCount : 0);
    plugin = plugins->oids[0];
    MP_FreeOidList(plugins);
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 8; ++seed)
        threads.emplace_back(call_everything, seed);
    threads.emplace_back(register_and_deregister);
    // The time it takes is what the test is about.
    std::this_thread::sleep_for(std::chrono::seconds(std::atoi(words[1])));
    over = true;
    for (std::thread& thread : threads)
        thread.join();
    std::printf("{\"calls\":%lu,\"callbacks\":%lu}\n", calls.load(), callbacks.load());
}
