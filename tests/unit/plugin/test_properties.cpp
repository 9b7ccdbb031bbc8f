// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/properties.hpp"

#include "tests/unit/plugin/snapshots.hpp"

#include <cwchar>

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

template <typename Properties>
Properties described(const Flat& flat, Sequence sequence) {
    Properties properties;
    std::memset(&properties, 0xa5, sizeof properties);
    assert_true(describe(*flat, 2, sequence, properties));
    return properties;
}

template <typename Properties>
std::wstring value_of(const Properties& properties, const wchar_t* name) {
    for (MP_UINT32 at = 0; at < properties.proprietaryPropertyCount; ++at)
        if (std::wcscmp(properties.proprietaryProperties[at].name, name) == 0)
            return properties.proprietaryProperties[at].value;
    return L"(none)";
}

void assert_oid(const MP_OID& oid, MP_OBJECT_TYPE type, MP_UINT32 owner, Sequence sequence) {
    assert_int_equal(oid.objectType, type);
    assert_int_equal(oid.ownerId, owner);
    assert_int_equal(oid.objectSequenceNumber, sequence);
}

void a_path_has_each_field(void**) {
    World world;
    world.unit.paths[0].disabled = true;
    world.unit.paths[0].weight = 7;
    world.unit.paths[0].state = model::PathState::PathError;
    const auto p = described<MP_PATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 30);
    assert_int_equal(p.weight, 7);
    assert_int_equal(p.pathState, MP_PATH_STATE_PATH_ERR);
    assert_int_equal(p.disabled, MP_TRUE);
    assert_oid(p.initiatorPortOid, MP_OBJECT_TYPE_INITIATOR_PORT, 2, 3);
    assert_oid(p.targetPortOid, MP_OBJECT_TYPE_TARGET_PORT, 2, 6);
    assert_oid(p.logicalUnitOid, MP_OBJECT_TYPE_MULTIPATH_LU, 2, 8);
    assert_int_equal(p.logicalUnitNumber, 5);
    assert_text_equal(p.deviceFileName, "/dev/sda");
    assert_int_equal(p.busNumber, 3);
    assert_int_equal(p.portNumber, 1);
    for (std::size_t at = 8; at < sizeof p.deviceFileName; ++at)
        assert_int_equal(p.deviceFileName[at], 0);
}

void each_state_of_a_path_is_the_standards(void**) {
    World world;
    for (int state = 0; state <= 9; ++state) {
        world.unit.paths[0].state = static_cast<model::PathState>(state);
        const auto p = described<MP_PATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 30);
        assert_int_equal(p.pathState, state);
    }
    world.unit.paths[0].state = static_cast<model::PathState>(77);
    const auto p = described<MP_PATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 30);
    assert_int_equal(p.pathState, MP_PATH_STATE_UNKNOWN);
}

void a_path_without_ports_refers_to_none(void**) {
    World world;
    world.unit.paths[0].initiator_port = world.unit.paths[0].target_port = 0;
    world.unit.paths[0].device.clear();
    const auto p = described<MP_PATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 30);
    assert_oid(p.initiatorPortOid, MP_OBJECT_TYPE_UNKNOWN, 0, 0);
    assert_oid(p.targetPortOid, MP_OBJECT_TYPE_UNKNOWN, 0, 0);
    assert_text_equal(p.deviceFileName, "");
}

void a_unit_has_each_field(void**) {
    World world;
    world.unit.unit.settings = std::vector<model::Setting>{
        {"failback", "immediate", "defaults", "", 0, "", ""},
        {"path_grouping_policy", "group_by_prio", "defaults", "", 0, "", ""}};
    world.unit.unit.upkeep = {model::Switch::On, 10, model::Switch::Off, 5};
    world.unit.unit.override_path = 30;
    world.unit.unit.queueing = model::Queueing::NoUsablePath;
    const auto p = described<MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 8);
    assert_memory_equal(p.vendor, "ACME    ", 8);
    assert_memory_equal(p.product, "Array           ", 16);
    assert_memory_equal(p.revision, "1   ", 4);
    assert_text_equal(p.name, "6001405abc");
    assert_int_equal(p.nameType, MP_LU_NAME_TYPE_VPD83_TYPE3);
    assert_text_equal(p.deviceFileName, "/dev/mapper/mpatha");
    assert_int_equal(p.asymmetric, MP_TRUE);
    assert_oid(p.overridePath, MP_OBJECT_TYPE_PATH_LU, 2, 30);
    assert_int_equal(p.currentLoadBalanceType, 1u << 16);
    assert_int_equal(p.logicalUnitGroupID, 0xffffffff);
    assert_int_equal(p.autoFailbackEnabled, MP_TRUE);
    assert_int_equal(p.failbackPollingRateMax, 3600);
    assert_int_equal(p.currentFailbackPollingRate, 10);
    assert_int_equal(p.autoProbingEnabled, MP_FALSE);
    assert_int_equal(p.currentProbingPollingRate, 5);
    assert_int_equal(p.probingPollingRateMax, 300);
    assert_int_equal(p.proprietaryPropertyCount, 7);
    assert_true(value_of(p, L"selector") == L"service-time 1 0");
    assert_true(value_of(p, L"features") == L"queue_if_no_path pg_init_retries 50");
    assert_true(value_of(p, L"hwhandler") == L"alua");
    assert_true(value_of(p, L"grouping policy") == L"group_by_prio");
    assert_true(value_of(p, L"failback") == L"immediate");
    assert_true(value_of(p, L"queueing") == L"no-usable-path");
    assert_true(value_of(p, L"serial number") == L"S1");
}

void a_policy_of_failing_over_balances_nothing(void**) {
    World world;
    world.unit.unit.settings =
        std::vector<model::Setting>{{"path_grouping_policy", "failover", "", "", 0, "", ""}};
    const auto p = described<MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 8);
    assert_int_equal(p.currentLoadBalanceType, MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY);
    assert_oid(p.overridePath, MP_OBJECT_TYPE_UNKNOWN, 0, 0);
}

void what_nobody_knows_is_unknown(void**) {
    World world;
    world.snapshot.manager.path_manager = "observe";
    world.unit.unit.unit_name.clear();
    world.unit.unit.unit_name_type = model::NameType::Unknown;
    world.unit.unit.load_balance = 0;
    const auto p = described<MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES>(world.flat(), 8);
    assert_int_equal(p.autoFailbackEnabled, MP_UNKNOWN);
    assert_int_equal(p.autoProbingEnabled, MP_UNKNOWN);
    assert_int_equal(p.currentLoadBalanceType, MP_LOAD_BALANCE_TYPE_UNKNOWN);
    assert_text_equal(p.name, "36001405abc"); // of the map
    assert_int_equal(p.nameType, MP_LU_NAME_TYPE_UNKNOWN);
}

void each_access_state_has_the_nearest_of_the_standard(void**) {
    World world;
    const struct {
        model::AccessState state;
        MP_ACCESS_STATE_TYPE told;
    } all[] = {
        {model::AccessState::ActiveOptimized, MP_ACCESS_STATE_ACTIVE_OPTIMIZED},
        {model::AccessState::ActiveNonOptimized, MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED},
        {model::AccessState::Standby, MP_ACCESS_STATE_STANDBY},
        {model::AccessState::Unavailable, MP_ACCESS_STATE_UNAVAILABLE},
        {model::AccessState::LogicalBlockDependent, MP_ACCESS_STATE_ACTIVE},
        {model::AccessState::Offline, MP_ACCESS_STATE_UNAVAILABLE},
        {model::AccessState::Transitioning, MP_ACCESS_STATE_TRANSITIONING},
        {model::AccessState::Active, MP_ACCESS_STATE_ACTIVE},
        {model::AccessState::Unknown, MP_ACCESS_STATE_ACTIVE},
    };
    for (const auto& each : all) {
        world.unit.groups[0].access_state = each.state;
        const auto p = described<MP_TARGET_PORT_GROUP_PROPERTIES>(world.flat(), 20);
        assert_int_equal(p.accessState, each.told);
        assert_int_equal(p.explicitFailover, MP_TRUE);
        assert_int_equal(p.preferredLuPath, MP_TRUE);
        assert_int_equal(p.supportsLuAssignment, MP_FALSE);
        assert_int_equal(p.tpgID, 1);
    }
}

void ports_have_names_and_transports(void**) {
    World world;
    const Flat flat = world.flat();
    const auto fc = described<MP_INITIATOR_PORT_PROPERTIES>(flat, 3);
    assert_text_equal(fc.portID, "2100000000000001");
    assert_int_equal(fc.portType, MP_PORT_TRANSPORT_TYPE_FC);
    assert_text_equal(fc.osDeviceFile, "/sys/class/fc_host/host3");
    assert_true(std::wcscmp(fc.osFriendlyName, L"h\u00f6st3") == 0);
    const auto sas = described<MP_INITIATOR_PORT_PROPERTIES>(flat, 4);
    assert_int_equal(sas.portType, MP_PORT_TRANSPORT_TYPE_UNKNOWN);
    const auto target = described<MP_TARGET_PORT_PROPERTIES>(flat, 6);
    assert_text_equal(target.portID, "iqn.2002-03.x:a,t,0x0001");
    assert_int_equal(target.relativePortID, 7);
}

void a_standard_algorithm_is_no_object(void**) {
    World world;
    const Flat flat = world.flat();
    MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES p;
    assert_false(describe(*flat, 1, 1, p));
    p = described<MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES>(flat, 2);
    assert_int_equal(p.typeIndex, 1u << 16);
    assert_true(std::wcscmp(p.name, L"service-time") == 0);
    assert_true(all_of(*flat, MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE) == Sequences{2});
}

void an_object_that_is_not_there_touches_nothing(void**) {
    World world;
    const Flat flat = world.flat();
    auto untouched = [&]<typename Properties>(Properties properties) {
        std::memset(&properties, 0x5a, sizeof properties);
        for (const Sequence none : {Sequence{0}, Sequence{999}, ~Sequence{0}})
            assert_false(describe(*flat, 1, none, properties));
        const auto* const bytes = reinterpret_cast<const unsigned char*>(&properties);
        for (std::size_t at = 0; at < sizeof properties; ++at)
            assert_int_equal(bytes[at], 0x5a);
    };
    untouched(MP_INITIATOR_PORT_PROPERTIES{});
    untouched(MP_TARGET_PORT_PROPERTIES{});
    untouched(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES{});
    untouched(MP_PATH_LOGICAL_UNIT_PROPERTIES{});
    untouched(MP_DEVICE_PRODUCT_PROPERTIES{});
    untouched(MP_TARGET_PORT_GROUP_PROPERTIES{});
    untouched(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES{});
}

void the_plugin_answers_without_a_snapshot(void**) {
    MP_PLUGIN_PROPERTIES p;
    std::memset(&p, 0xa5, sizeof p);
    describe_plugin(nullptr, "mpapid is not running", p);
    assert_text_equal(p.fileName, "libmpapi-linux.so");
    assert_int_equal(p.supportedMpVersion, 1);
    assert_int_equal(p.supportedLoadBalanceTypes, 0);
    assert_int_equal(p.proprietaryPropertyCount, 1);
    assert_true(value_of(p, L"mpapid") == L"mpapid is not running");

    World world;
    world.snapshot.manager.ready = false;
    describe_plugin(&*world.flat(), {}, p);
    assert_text_equal(p.driverName, "dm-multipath");
    assert_int_equal(p.supportedLoadBalanceTypes,
                     1u << 1 | 1u << 16 | MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY);
    assert_true(value_of(p, L"mpapid") == L"looking at what exists");
    assert_true(value_of(p, L"path manager") == L"multipathd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_each_field),
        cmocka_unit_test(each_state_of_a_path_is_the_standards),
        cmocka_unit_test(a_path_without_ports_refers_to_none),
        cmocka_unit_test(a_unit_has_each_field),
        cmocka_unit_test(a_policy_of_failing_over_balances_nothing),
        cmocka_unit_test(what_nobody_knows_is_unknown),
        cmocka_unit_test(each_access_state_has_the_nearest_of_the_standard),
        cmocka_unit_test(ports_have_names_and_transports),
        cmocka_unit_test(a_standard_algorithm_is_no_object),
        cmocka_unit_test(an_object_that_is_not_there_touches_nothing),
        cmocka_unit_test(the_plugin_answers_without_a_snapshot),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
