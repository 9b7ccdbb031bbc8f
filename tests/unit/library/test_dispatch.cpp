// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every function of the API against two trivial plugins, with every kind of id, and what arrives at
// the plugin.
#include "tests/unit/library/world.hpp"

#include <sys/mman.h>

#include <functional>
#include <vector>

using namespace mpapi::library;

namespace {

constexpr MP_UINT32 types(auto... type) {
    return ((1u << type) | ...);
}
constexpr MP_UINT32 plugin = types(MP_OBJECT_TYPE_PLUGIN);
constexpr MP_UINT32 initiator = types(MP_OBJECT_TYPE_INITIATOR_PORT);
constexpr MP_UINT32 target = types(MP_OBJECT_TYPE_TARGET_PORT);
constexpr MP_UINT32 lu = types(MP_OBJECT_TYPE_MULTIPATH_LU);
constexpr MP_UINT32 path = types(MP_OBJECT_TYPE_PATH_LU);
constexpr MP_UINT32 product = types(MP_OBJECT_TYPE_DEVICE_PRODUCT);
constexpr MP_UINT32 group = types(MP_OBJECT_TYPE_TARGET_PORT_GROUP);
constexpr MP_UINT32 algorithm = types(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE);

struct Function {
    const char* name;
    MP_UINT32 accepted;
    std::function<MP_STATUS(MP_OID)> call;
    std::function<MP_STATUS(MP_OID)> without_pointer; // may be none
};

template <typename Properties>
Function getter(const char* name, MP_UINT32 accepted, MP_STATUS (*function)(MP_OID, Properties*)) {
    return {name, accepted,
            [function](MP_OID oid) {
                Properties properties{};
                return function(oid, &properties);
            },
            [function](MP_OID oid) { return function(oid, nullptr); }};
}

Function lister(const char* name, MP_UINT32 accepted,
                MP_STATUS (*function)(MP_OID, MP_OID_LIST**)) {
    return {name, accepted,
            [function](MP_OID oid) {
                MP_OID_LIST* list = nullptr;
                const MP_STATUS status = function(oid, &list);
                if (status == MP_STATUS_SUCCESS) MP_FreeOidList(list);
                return status;
            },
            [function](MP_OID oid) { return function(oid, nullptr); }};
}

Function change(const char* name, MP_UINT32 accepted, std::function<MP_STATUS(MP_OID)> call) {
    return {name, accepted, std::move(call), nullptr};
}

MP_OID partner(MP_UINT32 type, MP_OID of) {
    return oid_of(type, of.ownerId, 1);
}

MP_STATUS set_one_group(MP_OID oid) {
    MP_TPG_STATE_PAIR pair{partner(MP_OBJECT_TYPE_TARGET_PORT_GROUP, oid), MP_ACCESS_STATE_ACTIVE};
    return MP_SetTPGAccess(oid, 1, &pair);
}

MP_STATUS set_one_property(MP_OID oid) {
    MP_PROPRIETARY_PROPERTY property{};
    return MP_SetProprietaryProperties(oid, 1, &property);
}

// All that take an id and look at its sequence number.
const std::vector<Function> functions = {
    getter("MP_GetPluginProperties", plugin, MP_GetPluginProperties),
    lister("MP_GetDeviceProductOidList", plugin, MP_GetDeviceProductOidList),
    getter("MP_GetDeviceProductProperties", product, MP_GetDeviceProductProperties),
    lister("MP_GetInitiatorPortOidList", plugin, MP_GetInitiatorPortOidList),
    getter("MP_GetInitiatorPortProperties", initiator, MP_GetInitiatorPortProperties),
    lister("MP_GetMultipathLus", plugin | product, MP_GetMultipathLus),
    getter("MP_GetMPLogicalUnitProperties", lu, MP_GetMPLogicalUnitProperties),
    getter("MP_GetMPLLogicalUnitProperties", lu, MP_GetMPLLogicalUnitProperties),
    lister("MP_GetAssociatedPathOidList", lu | initiator | target, MP_GetAssociatedPathOidList),
    getter("MP_GetPathLogicalUnitProperties", path, MP_GetPathLogicalUnitProperties),
    lister("MP_GetAssociatedTPGOidList", lu, MP_GetAssociatedTPGOidList),
    getter("MP_GetTargetPortGroupProperties", group, MP_GetTargetPortGroupProperties),
    lister("MP_GetMPLuOidListFromTPG", group, MP_GetMPLuOidListFromTPG),
    lister("MP_GetProprietaryLoadBalanceOidList", plugin, MP_GetProprietaryLoadBalanceOidList),
    getter("MP_GetProprietaryLoadBalanceProperties", algorithm,
           MP_GetProprietaryLoadBalanceProperties),
    lister("MP_GetTargetPortOidList", group, MP_GetTargetPortOidList),
    getter("MP_GetTargetPortProperties", target, MP_GetTargetPortProperties),
    change("MP_AssignLogicalUnitToTPG(oid, LU)", group,
           [](MP_OID oid) {
               return MP_AssignLogicalUnitToTPG(oid, partner(MP_OBJECT_TYPE_MULTIPATH_LU, oid));
           }),
    change("MP_AssignLogicalUnitToTPG(TPG, oid)", lu,
           [](MP_OID oid) {
               return MP_AssignLogicalUnitToTPG(partner(MP_OBJECT_TYPE_TARGET_PORT_GROUP, oid),
                                                oid);
           }),
    change(
        "MP_SetOverridePath(oid, path)", lu,
        [](MP_OID oid) { return MP_SetOverridePath(oid, partner(MP_OBJECT_TYPE_PATH_LU, oid)); }),
    change("MP_SetOverridePath(LU, oid)", path,
           [](MP_OID oid) {
               return MP_SetOverridePath(partner(MP_OBJECT_TYPE_MULTIPATH_LU, oid), oid);
           }),
    change("MP_CancelOverridePath", lu, MP_CancelOverridePath),
    change("MP_EnableAutoFailback", plugin | lu, MP_EnableAutoFailback),
    change("MP_DisableAutoFailback", plugin | lu, MP_DisableAutoFailback),
    change("MP_EnableAutoProbing", plugin | lu, MP_EnableAutoProbing),
    change("MP_DisableAutoProbing", plugin | lu, MP_DisableAutoProbing),
    change("MP_EnablePath", path, MP_EnablePath),
    change("MP_DisablePath", path, MP_DisablePath),
    change("MP_SetLogicalUnitLoadBalanceType", lu,
           [](MP_OID oid) {
               return MP_SetLogicalUnitLoadBalanceType(oid, MP_LOAD_BALANCE_TYPE_LEASTIO);
           }),
    change(
        "MP_SetPluginLoadBalanceType", plugin,
        [](MP_OID oid) { return MP_SetPluginLoadBalanceType(oid, MP_LOAD_BALANCE_TYPE_LEASTIO); }),
    change("MP_SetPathWeight", path, [](MP_OID oid) { return MP_SetPathWeight(oid, 1); }),
    change("MP_SetFailbackPollingRate", plugin | lu,
           [](MP_OID oid) { return MP_SetFailbackPollingRate(oid, 60); }),
    change("MP_SetProbingPollingRate", plugin | lu,
           [](MP_OID oid) { return MP_SetProbingPollingRate(oid, 60); }),
    {"MP_SetProprietaryProperties", plugin | lu | algorithm, set_one_property,
     [](MP_OID oid) { return MP_SetProprietaryProperties(oid, 1, nullptr); }},
    {"MP_SetTPGAccess", lu, set_one_group,
     [](MP_OID oid) { return MP_SetTPGAccess(oid, 1, nullptr); }},
};

void check(const Function& function, MP_OID oid, MP_STATUS expected) {
    const MP_STATUS status = function.call(oid);
    if (status != expected)
        fail_msg("%s of type %u, owner %u, number %llu: %d, not %d", function.name,
                 unsigned(oid.objectType), oid.ownerId, oid.objectSequenceNumber, status, expected);
}

std::string first_file, second_file;

void two_plugins_are_loaded(void**) {
    static const Configured configured("");
    first_file = plugin_file("trivial");
    second_file = configured / "second.so";
    std::filesystem::copy_file(first_file, second_file);
    configured.write("mpapi.conf", "a\t" + first_file + "\nb\t" + second_file + "\n");
    MP_OID_LIST* list = nullptr;
    assert_int_equal(MP_GetPluginOidList(&list), MP_STATUS_SUCCESS);
    assert_int_equal(list->oidCount, 2);
    for (MP_UINT32 index = 0; index < 2; ++index)
        assert_int_equal(
            MP_CompareOIDs(list->oids[index], oid_of(MP_OBJECT_TYPE_PLUGIN, index + 1, 0)),
            MP_STATUS_SUCCESS);
    assert_int_equal(MP_FreeOidList(list), MP_STATUS_SUCCESS);
    assert_int_equal(control_of(first_file).owner(), 1);
    assert_int_equal(control_of(second_file).owner(), 2);
}

// What each kind of bad id is, to the known dispatcher and to this one. The difference is decided:
// the standard's text calls an id that was never set an invalid type.
struct BadId {
    MP_UINT32 type, owner;
    MP_UINT64 sequence;
    MP_STATUS elsewhere, here;
};
constexpr BadId bad_ids[] = {
    {0, 0, 0, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_INVALID_OBJECT_TYPE},
    {0, 1, 1, MP_STATUS_INVALID_PARAMETER, MP_STATUS_INVALID_OBJECT_TYPE},
    {9, 1, 1, MP_STATUS_INVALID_OBJECT_TYPE, MP_STATUS_INVALID_OBJECT_TYPE},
    {9, 99, 1, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_INVALID_OBJECT_TYPE},
    {31, 1, 1, MP_STATUS_INVALID_OBJECT_TYPE, MP_STATUS_INVALID_OBJECT_TYPE},
    {32, 1, 1, MP_STATUS_INVALID_OBJECT_TYPE, MP_STATUS_INVALID_OBJECT_TYPE},
    {0xffffffff, 1, 0, MP_STATUS_INVALID_OBJECT_TYPE, MP_STATUS_INVALID_OBJECT_TYPE},
    {1, 0, 0, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
    {1, 3, 0, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
    {4, 0, 1, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
    {5, 0xffffffff, 1, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
    {1, 1, 1, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
    {1, 2, ~0ull, MP_STATUS_OBJECT_NOT_FOUND, MP_STATUS_OBJECT_NOT_FOUND},
};

void a_bad_id_has_its_status_in_every_function(void**) {
    unsigned deviations = 0;
    for (const BadId& bad : bad_ids) {
        for (const Function& function : functions)
            check(function, oid_of(bad.type, bad.owner, bad.sequence), bad.here);
        if (bad.elsewhere != bad.here) ++deviations;
    }
    assert_int_equal(deviations, 3);
}

void a_type_that_a_function_does_not_take_is_an_invalid_parameter(void**) {
    for (const Function& function : functions)
        for (MP_UINT32 owner = 1; owner <= 2; ++owner)
            for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type) {
                const MP_UINT64 sequence = type == MP_OBJECT_TYPE_PLUGIN ? 0 : 1;
                check(function, oid_of(type, owner, sequence),
                      (function.accepted >> type & 1) != 0 ? MP_STATUS_SUCCESS
                                                           : MP_STATUS_INVALID_PARAMETER);
            }
}

void an_object_that_is_gone_is_not_found(void**) {
    for (const Function& function : functions)
        for (MP_UINT32 type = 2; type <= MP_OBJECT_TYPE_MAX; ++type)
            if ((function.accepted >> type & 1) != 0 &&
                std::string(function.name) != "MP_SetProprietaryProperties")
                for (const MP_UINT64 sequence : {0ull, 99ull, ~0ull})
                    check(function, oid_of(type, 1, sequence), MP_STATUS_OBJECT_NOT_FOUND);
}

void a_null_pointer_is_seen_before_the_id(void**) {
    for (const Function& function : functions) {
        if (function.without_pointer == nullptr) continue;
        for (const BadId& bad : bad_ids)
            assert_int_equal(function.without_pointer(oid_of(bad.type, bad.owner, bad.sequence)),
                             MP_STATUS_INVALID_PARAMETER);
        for (MP_UINT32 type = 0; type <= MP_OBJECT_TYPE_MAX; ++type)
            assert_int_equal(function.without_pointer(oid_of(type, 1, 1)),
                             MP_STATUS_INVALID_PARAMETER);
    }
    assert_int_equal(MP_GetLibraryProperties(nullptr), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_GetPluginOidList(nullptr), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_GetAssociatedPluginOid(oid_of(4, 1, 1), nullptr),
                     MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_GetObjectType(oid_of(4, 1, 1), nullptr), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_FreeOidList(nullptr), MP_STATUS_INVALID_PARAMETER);
}

void type_and_plugin_of_an_object_are_told_without_its_number(void**) {
    for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type)
        for (const MP_UINT64 sequence : {0ull, 1ull, 99ull, ~0ull}) {
            MP_OBJECT_TYPE told = MP_OBJECT_TYPE_UNKNOWN;
            assert_int_equal(MP_GetObjectType(oid_of(type, 2, sequence), &told), MP_STATUS_SUCCESS);
            assert_int_equal(told, type);
            MP_OID owner = ZERO_OID;
            assert_int_equal(MP_GetAssociatedPluginOid(oid_of(type, 2, sequence), &owner),
                             MP_STATUS_SUCCESS);
            assert_int_equal(MP_CompareOIDs(owner, oid_of(MP_OBJECT_TYPE_PLUGIN, 2, 0)),
                             MP_STATUS_SUCCESS);
        }
    MP_OBJECT_TYPE type = MP_OBJECT_TYPE_PLUGIN;
    MP_OID owner = oid_of(4, 4, 4);
    for (const BadId& bad : bad_ids) {
        if (bad.type == MP_OBJECT_TYPE_PLUGIN && bad.sequence != 0) continue;
        assert_int_equal(MP_GetObjectType(oid_of(bad.type, bad.owner, bad.sequence), &type),
                         bad.here);
        assert_int_equal(
            MP_GetAssociatedPluginOid(oid_of(bad.type, bad.owner, bad.sequence), &owner), bad.here);
    }
    assert_int_equal(type, MP_OBJECT_TYPE_PLUGIN);
    assert_int_equal(owner.objectSequenceNumber, 4);
}

void ids_are_compared_field_by_field(void**) {
    const MP_OID oid = oid_of(0xffffffff, 7, 9);
    assert_int_equal(MP_CompareOIDs(oid, oid), MP_STATUS_SUCCESS);
    assert_int_equal(MP_CompareOids(oid, oid), MP_STATUS_SUCCESS);
    assert_int_equal(MP_CompareOIDs(oid, oid_of(0xfffffffe, 7, 9)), MP_STATUS_FAILED);
    assert_int_equal(MP_CompareOIDs(oid, oid_of(0xffffffff, 8, 9)), MP_STATUS_FAILED);
    assert_int_equal(MP_CompareOids(oid, oid_of(0xffffffff, 7, 1ull << 63)), MP_STATUS_FAILED);
}

void the_library_knows_itself(void**) {
    MP_LIBRARY_PROPERTIES properties;
    std::memset(&properties, 0x5a, sizeof properties);
    assert_int_equal(MP_GetLibraryProperties(&properties), MP_STATUS_SUCCESS);
    assert_int_equal(properties.supportedMpVersion, MP_LIBVERSION);
    assert_string_equal(properties.fileName, "libMPAPI.so.1");
    assert_true(std::wstring(properties.vendor) == L"mpapi");
    assert_true(std::wstring(properties.implementationVersion) == L"" PROJECT_VERSION);
    assert_int_equal(std::wstring(properties.buildTime).size(), 20);
    for (std::size_t index = std::strlen(properties.fileName); index < 256; ++index)
        assert_int_equal(properties.fileName[index], 0);
    for (std::size_t index = 20; index < 256; ++index)
        assert_int_equal(properties.buildTime[index], 0);
}

// The caller's memory is rubbish before; mpathadm prints arrays beyond their first NUL.
void properties_are_written_to_their_last_byte(void**) {
    MP_TARGET_PORT_PROPERTIES properties, expected{};
    std::memset(&properties, 0x5a, sizeof properties);
    std::strcpy(expected.portID, "target 2");
    expected.relativePortID = 2;
    assert_int_equal(MP_GetTargetPortProperties(oid_of(3, 1, 2), &properties), MP_STATUS_SUCCESS);
    assert_memory_equal(&properties, &expected, sizeof expected);

    MP_PATH_LOGICAL_UNIT_PROPERTIES unit, before;
    std::memset(&before, 0x5a, sizeof before);
    unit = before;
    assert_int_equal(MP_GetPathLogicalUnitProperties(oid_of(5, 1, 99), &unit),
                     MP_STATUS_OBJECT_NOT_FOUND);
    assert_memory_equal(&unit, &before, sizeof before);
    assert_int_equal(MP_GetPathLogicalUnitProperties(oid_of(5, 2, 3), &unit), MP_STATUS_SUCCESS);
    assert_int_equal(MP_CompareOIDs(unit.logicalUnitOid, oid_of(4, 2, 2)), MP_STATUS_SUCCESS);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&unit);
    for (std::size_t pad = 12; pad < 16; ++pad)
        assert_int_equal(bytes[pad], 0);
}

void expect_list(MP_STATUS (*function)(MP_OID, MP_OID_LIST**), MP_OID of, MP_UINT32 type,
                 MP_UINT64 first, MP_UINT32 count) {
    MP_OID_LIST* list = nullptr;
    assert_int_equal(function(of, &list), MP_STATUS_SUCCESS);
    assert_int_equal(list->oidCount, count);
    for (MP_UINT32 index = 0; index < count; ++index)
        assert_int_equal(MP_CompareOIDs(list->oids[index], oid_of(type, of.ownerId, first + index)),
                         MP_STATUS_SUCCESS);
    assert_int_equal(MP_FreeOidList(list), MP_STATUS_SUCCESS);
}

void lists_come_from_the_plugin_that_the_id_names(void**) {
    for (MP_UINT32 owner = 1; owner <= 2; ++owner) {
        const MP_OID whole = oid_of(1, owner, 0);
        expect_list(MP_GetDeviceProductOidList, whole, 6, 1, 1);
        expect_list(MP_GetInitiatorPortOidList, whole, 2, 1, 2);
        expect_list(MP_GetMultipathLus, whole, 4, 1, 2);
        expect_list(MP_GetMultipathLus, oid_of(6, owner, 1), 4, 1, 1);
        expect_list(MP_GetProprietaryLoadBalanceOidList, whole, 8, 1, 1);
        expect_list(MP_GetAssociatedPathOidList, oid_of(4, owner, 2), 5, 3, 2);
        expect_list(MP_GetAssociatedTPGOidList, oid_of(4, owner, 1), 7, 1, 2);
        expect_list(MP_GetMPLuOidListFromTPG, oid_of(7, owner, 1), 4, 1, 2);
        expect_list(MP_GetTargetPortOidList, oid_of(7, owner, 2), 3, 2, 1);
        MP_PLUGIN_PROPERTIES properties;
        assert_int_equal(MP_GetPluginProperties(whole, &properties), MP_STATUS_SUCCESS);
        assert_int_equal(properties.maximumWeight, owner);
    }
}

void expect_call(const char* function, MP_OID first, MP_OID second, MP_UINT32 number) {
    const TrivialCall call =
        control_of(first.ownerId == 2 || second.ownerId == 2 ? second_file : first_file)
            .last_call();
    assert_string_equal(call.function, function);
    assert_int_equal(MP_CompareOIDs(call.first, first), MP_STATUS_SUCCESS);
    assert_int_equal(MP_CompareOIDs(call.second, second), MP_STATUS_SUCCESS);
    assert_int_equal(call.number, number);
}

#define EXPECT(call, ...)                                                                          \
    do {                                                                                           \
        assert_int_equal(call, MP_STATUS_SUCCESS);                                                 \
        expect_call(__VA_ARGS__);                                                                  \
    } while (false)

void a_change_arrives_as_it_was_asked_for(void**) {
    const MP_OID none{}, whole = oid_of(1, 1, 0), unit = oid_of(4, 2, 1), way = oid_of(5, 2, 2),
                         ports = oid_of(7, 2, 2), lot = oid_of(8, 2, 1);
    EXPECT(MP_AssignLogicalUnitToTPG(ports, unit), "MP_AssignLogicalUnitToTPG", ports, unit, 0);
    EXPECT(MP_SetOverridePath(unit, way), "MP_SetOverridePath", unit, way, 0);
    EXPECT(MP_CancelOverridePath(unit), "MP_CancelOverridePath", unit, none, 0);
    EXPECT(MP_EnableAutoFailback(whole), "MP_EnableAutoFailbackPlugin", none, none, 0);
    EXPECT(MP_EnableAutoFailback(unit), "MP_EnableAutoFailbackLu", unit, none, 0);
    EXPECT(MP_DisableAutoFailback(whole), "MP_DisableAutoFailbackPlugin", none, none, 0);
    EXPECT(MP_DisableAutoFailback(unit), "MP_DisableAutoFailbackLu", unit, none, 0);
    EXPECT(MP_EnableAutoProbing(whole), "MP_EnableAutoProbingPlugin", none, none, 0);
    EXPECT(MP_EnableAutoProbing(unit), "MP_EnableAutoProbingLu", unit, none, 0);
    EXPECT(MP_DisableAutoProbing(whole), "MP_DisableAutoProbingPlugin", none, none, 0);
    EXPECT(MP_DisableAutoProbing(unit), "MP_DisableAutoProbingLu", unit, none, 0);
    EXPECT(MP_EnablePath(way), "MP_EnablePath", way, none, 0);
    EXPECT(MP_DisablePath(way), "MP_DisablePath", way, none, 0);
    EXPECT(MP_SetLogicalUnitLoadBalanceType(unit, 1u << 16), "MP_SetLogicalUnitLoadBalanceType",
           unit, none, 1u << 16);
    EXPECT(MP_SetPluginLoadBalanceType(whole, 1u << 6), "MP_SetPluginLoadBalanceTypePlugin", none,
           none, 1u << 6);
    EXPECT(MP_SetPathWeight(way, 0xffffffff), "MP_SetPathWeight", way, none, 0xffffffff);
    EXPECT(MP_SetFailbackPollingRate(whole, 0), "MP_SetFailbackPollingRatePlugin", none, none, 0);
    EXPECT(MP_SetFailbackPollingRate(unit, 7), "MP_SetFailbackPollingRateLu", unit, none, 7);
    EXPECT(MP_SetProbingPollingRate(whole, 8), "MP_SetProbingPollingRatePlugin", none, none, 8);
    EXPECT(MP_SetProbingPollingRate(unit, 9), "MP_SetProbingPollingRateLu", unit, none, 9);
    MP_PROPRIETARY_PROPERTY properties[8] = {};
    EXPECT(MP_SetProprietaryProperties(whole, 1, properties), "MP_SetProprietaryProperties", whole,
           none, 1);
    EXPECT(MP_SetProprietaryProperties(unit, 2, properties), "MP_SetProprietaryProperties", unit,
           none, 2);
    EXPECT(MP_SetProprietaryProperties(lot, 8, properties), "MP_SetProprietaryProperties", lot,
           none, 8);
    MP_TPG_STATE_PAIR pairs[2] = {{oid_of(7, 2, 1), MP_ACCESS_STATE_STANDBY},
                                  {ports, MP_ACCESS_STATE_ACTIVE}};
    EXPECT(MP_SetTPGAccess(unit, 2, pairs), "MP_SetTPGAccess", unit, ports, 2);
}

void objects_of_two_plugins_do_not_go_together(void**) {
    assert_int_equal(MP_SetOverridePath(oid_of(4, 1, 1), oid_of(5, 2, 1)),
                     MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_AssignLogicalUnitToTPG(oid_of(7, 1, 1), oid_of(4, 2, 1)),
                     MP_STATUS_INVALID_PARAMETER);
    // Seen before anything else by the one, after the ids themselves by the other.
    assert_int_equal(MP_AssignLogicalUnitToTPG(oid_of(7, 1, 1), oid_of(99, 2, 1)),
                     MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_SetOverridePath(oid_of(4, 1, 1), oid_of(99, 2, 1)),
                     MP_STATUS_INVALID_OBJECT_TYPE);
    assert_int_equal(MP_SetOverridePath(oid_of(4, 1, 1), oid_of(5, 3, 1)),
                     MP_STATUS_OBJECT_NOT_FOUND);
}

// No element at all: what is looked at cannot be read.
void counts_are_looked_at_before_an_element_is(void**) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const memory = ::mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    auto* const pair = static_cast<MP_TPG_STATE_PAIR*>(memory);
    auto* const property = static_cast<MP_PROPRIETARY_PROPERTY*>(memory);
    for (const MP_UINT32 count : {0u, 65536u, 0x7fffffffu, 0xffffffffu})
        assert_int_equal(MP_SetTPGAccess(oid_of(4, 1, 1), count, pair),
                         MP_STATUS_INVALID_PARAMETER);
    for (const MP_UINT32 count : {0u, 9u, 0x80000000u, 0xffffffffu})
        assert_int_equal(MP_SetProprietaryProperties(oid_of(4, 1, 1), count, property),
                         MP_STATUS_INVALID_PARAMETER);
    ::munmap(memory, page);
}

void a_list_of_groups_holds_groups_of_that_plugin(void**) {
    for (const MP_OID bad : {MP_OID{}, oid_of(7, 2, 1), oid_of(4, 1, 1), oid_of(99, 1, 1)}) {
        MP_TPG_STATE_PAIR pairs[2] = {{oid_of(7, 1, 1), MP_ACCESS_STATE_ACTIVE},
                                      {bad, MP_ACCESS_STATE_ACTIVE}};
        assert_int_equal(MP_SetTPGAccess(oid_of(4, 1, 1), 2, pairs), MP_STATUS_INVALID_PARAMETER);
        assert_int_equal(MP_SetTPGAccess(oid_of(4, 1, 1), 1, pairs), MP_STATUS_SUCCESS);
    }
}

void a_load_balance_type_is_one_algorithm(void**) {
    for (unsigned bit = 0; bit < 32; ++bit) {
        const MP_STATUS expected =
            (bit >= 1 && bit <= 6) || bit >= 16 ? MP_STATUS_SUCCESS : MP_STATUS_INVALID_PARAMETER;
        assert_int_equal(MP_SetLogicalUnitLoadBalanceType(oid_of(4, 1, 1), 1u << bit), expected);
        assert_int_equal(MP_SetPluginLoadBalanceType(oid_of(1, 1, 0), 1u << bit), expected);
    }
    for (const MP_LOAD_BALANCE_TYPE set : {0u, 6u, 0x30000u, 0xffffffffu}) {
        assert_int_equal(MP_SetLogicalUnitLoadBalanceType(oid_of(4, 1, 1), set),
                         MP_STATUS_INVALID_PARAMETER);
        assert_int_equal(MP_SetPluginLoadBalanceType(oid_of(1, 1, 0), set),
                         MP_STATUS_INVALID_PARAMETER);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(two_plugins_are_loaded),
        cmocka_unit_test(a_bad_id_has_its_status_in_every_function),
        cmocka_unit_test(a_type_that_a_function_does_not_take_is_an_invalid_parameter),
        cmocka_unit_test(an_object_that_is_gone_is_not_found),
        cmocka_unit_test(a_null_pointer_is_seen_before_the_id),
        cmocka_unit_test(type_and_plugin_of_an_object_are_told_without_its_number),
        cmocka_unit_test(ids_are_compared_field_by_field),
        cmocka_unit_test(the_library_knows_itself),
        cmocka_unit_test(properties_are_written_to_their_last_byte),
        cmocka_unit_test(lists_come_from_the_plugin_that_the_id_names),
        cmocka_unit_test(a_change_arrives_as_it_was_asked_for),
        cmocka_unit_test(objects_of_two_plugins_do_not_go_together),
        cmocka_unit_test(counts_are_looked_at_before_an_element_is),
        cmocka_unit_test(a_list_of_groups_holds_groups_of_that_plugin),
        cmocka_unit_test(a_load_balance_type_is_one_algorithm),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
