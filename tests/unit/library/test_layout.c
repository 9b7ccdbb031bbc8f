/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structures as a C program sees them, against the numbers that programs were compiled with. */
#include <mpapi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct Place {
    const char* name;
    size_t offset, size, expected_offset, expected_size;
};

#define STRUCTURE(type, size, alignment)                                                           \
    { #type, _Alignof(type), sizeof(type), alignment, size }
#define FIELD(type, field, offset, size)                                                           \
    { #type "." #field, offsetof(type, field), sizeof(((type*)0)->field), offset, size }

/* clang-format off */
static const struct Place places[] = {
    STRUCTURE(MP_OID, 16, 8),
    FIELD(MP_OID, objectType, 0, 4),
    FIELD(MP_OID, ownerId, 4, 4),
    FIELD(MP_OID, objectSequenceNumber, 8, 8),
    STRUCTURE(MP_OID_LIST, 24, 8),
    FIELD(MP_OID_LIST, oidCount, 0, 4),
    FIELD(MP_OID_LIST, oids, 8, 16),
    STRUCTURE(MP_PROPRIETARY_PROPERTY, 256, 4),
    FIELD(MP_PROPRIETARY_PROPERTY, name, 0, 64),
    FIELD(MP_PROPRIETARY_PROPERTY, value, 64, 192),
    STRUCTURE(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, 4104, 4),
    FIELD(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, typeIndex, 0, 4),
    FIELD(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, name, 4, 1024),
    FIELD(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, vendorName, 1028, 1024),
    FIELD(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, proprietaryPropertyCount, 2052, 4),
    FIELD(MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES, proprietaryProperties, 2056, 2048),
    STRUCTURE(MP_LIBRARY_PROPERTIES, 3332, 4),
    FIELD(MP_LIBRARY_PROPERTIES, supportedMpVersion, 0, 4),
    FIELD(MP_LIBRARY_PROPERTIES, vendor, 4, 1024),
    FIELD(MP_LIBRARY_PROPERTIES, implementationVersion, 1028, 1024),
    FIELD(MP_LIBRARY_PROPERTIES, fileName, 2052, 256),
    FIELD(MP_LIBRARY_PROPERTIES, buildTime, 2308, 1024),
    STRUCTURE(MP_PLUGIN_PROPERTIES, 8004, 4),
    FIELD(MP_PLUGIN_PROPERTIES, supportedMpVersion, 0, 4),
    FIELD(MP_PLUGIN_PROPERTIES, vendor, 4, 1024),
    FIELD(MP_PLUGIN_PROPERTIES, implementationVersion, 1028, 1024),
    FIELD(MP_PLUGIN_PROPERTIES, fileName, 2052, 256),
    FIELD(MP_PLUGIN_PROPERTIES, buildTime, 2308, 1024),
    FIELD(MP_PLUGIN_PROPERTIES, driverVendor, 3332, 1024),
    FIELD(MP_PLUGIN_PROPERTIES, driverName, 4356, 256),
    FIELD(MP_PLUGIN_PROPERTIES, driverVersion, 4612, 1024),
    FIELD(MP_PLUGIN_PROPERTIES, supportedLoadBalanceTypes, 5636, 4),
    FIELD(MP_PLUGIN_PROPERTIES, canSetTPGAccess, 5640, 4),
    FIELD(MP_PLUGIN_PROPERTIES, canOverridePaths, 5644, 4),
    FIELD(MP_PLUGIN_PROPERTIES, exposesPathDeviceFiles, 5648, 4),
    FIELD(MP_PLUGIN_PROPERTIES, deviceFileNamespace, 5652, 256),
    FIELD(MP_PLUGIN_PROPERTIES, onlySupportsSpecifiedProducts, 5908, 4),
    FIELD(MP_PLUGIN_PROPERTIES, maximumWeight, 5912, 4),
    FIELD(MP_PLUGIN_PROPERTIES, autoFailbackSupport, 5916, 4),
    FIELD(MP_PLUGIN_PROPERTIES, pluginAutoFailbackEnabled, 5920, 4),
    FIELD(MP_PLUGIN_PROPERTIES, failbackPollingRateMax, 5924, 4),
    FIELD(MP_PLUGIN_PROPERTIES, currentFailbackPollingRate, 5928, 4),
    FIELD(MP_PLUGIN_PROPERTIES, autoProbingSupport, 5932, 4),
    FIELD(MP_PLUGIN_PROPERTIES, pluginAutoProbingEnabled, 5936, 4),
    FIELD(MP_PLUGIN_PROPERTIES, probingPollingRateMax, 5940, 4),
    FIELD(MP_PLUGIN_PROPERTIES, currentProbingPollingRate, 5944, 4),
    FIELD(MP_PLUGIN_PROPERTIES, defaultloadBalanceType, 5948, 4),
    FIELD(MP_PLUGIN_PROPERTIES, proprietaryPropertyCount, 5952, 4),
    FIELD(MP_PLUGIN_PROPERTIES, proprietaryProperties, 5956, 2048),
    STRUCTURE(MP_DEVICE_PRODUCT_PROPERTIES, 32, 4),
    FIELD(MP_DEVICE_PRODUCT_PROPERTIES, vendor, 0, 8),
    FIELD(MP_DEVICE_PRODUCT_PROPERTIES, product, 8, 16),
    FIELD(MP_DEVICE_PRODUCT_PROPERTIES, revision, 24, 4),
    FIELD(MP_DEVICE_PRODUCT_PROPERTIES, supportedLoadBalanceTypes, 28, 4),
    STRUCTURE(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, 2656, 8),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, vendor, 0, 8),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, product, 8, 16),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, revision, 24, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, name, 28, 256),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, nameType, 284, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, deviceFileName, 288, 256),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, asymmetric, 544, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, overridePath, 552, 16),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, currentLoadBalanceType, 568, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, logicalUnitGroupID, 572, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, autoFailbackEnabled, 576, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, failbackPollingRateMax, 580, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, currentFailbackPollingRate, 584, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, autoProbingEnabled, 588, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, probingPollingRateMax, 592, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, currentProbingPollingRate, 596, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, proprietaryPropertyCount, 600, 4),
    FIELD(MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES, proprietaryProperties, 604, 2048),
    STRUCTURE(MP_PATH_LOGICAL_UNIT_PROPERTIES, 336, 8),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, weight, 0, 4),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, pathState, 4, 4),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, disabled, 8, 4),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, initiatorPortOid, 16, 16),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, targetPortOid, 32, 16),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, logicalUnitOid, 48, 16),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, logicalUnitNumber, 64, 8),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, deviceFileName, 72, 256),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, busNumber, 328, 4),
    FIELD(MP_PATH_LOGICAL_UNIT_PROPERTIES, portNumber, 332, 4),
    STRUCTURE(MP_INITIATOR_PORT_PROPERTIES, 1540, 4),
    FIELD(MP_INITIATOR_PORT_PROPERTIES, portID, 0, 256),
    FIELD(MP_INITIATOR_PORT_PROPERTIES, portType, 256, 4),
    FIELD(MP_INITIATOR_PORT_PROPERTIES, osDeviceFile, 260, 256),
    FIELD(MP_INITIATOR_PORT_PROPERTIES, osFriendlyName, 516, 1024),
    STRUCTURE(MP_TARGET_PORT_PROPERTIES, 260, 4),
    FIELD(MP_TARGET_PORT_PROPERTIES, portID, 0, 256),
    FIELD(MP_TARGET_PORT_PROPERTIES, relativePortID, 256, 4),
    STRUCTURE(MP_TARGET_PORT_GROUP_PROPERTIES, 20, 4),
    FIELD(MP_TARGET_PORT_GROUP_PROPERTIES, accessState, 0, 4),
    FIELD(MP_TARGET_PORT_GROUP_PROPERTIES, explicitFailover, 4, 4),
    FIELD(MP_TARGET_PORT_GROUP_PROPERTIES, supportsLuAssignment, 8, 4),
    FIELD(MP_TARGET_PORT_GROUP_PROPERTIES, preferredLuPath, 12, 4),
    FIELD(MP_TARGET_PORT_GROUP_PROPERTIES, tpgID, 16, 4),
    STRUCTURE(MP_TPG_STATE_PAIR, 24, 8),
    FIELD(MP_TPG_STATE_PAIR, tpgOid, 0, 16),
    FIELD(MP_TPG_STATE_PAIR, desiredState, 16, 4),
};
/* clang-format on */

static void each_field_is_where_programs_expect_it(void** state) {
    (void)state;
    for (size_t index = 0; index < sizeof places / sizeof *places; ++index) {
        const struct Place* const place = &places[index];
        if (place->offset != place->expected_offset || place->size != place->expected_size)
            fail_msg("%s: at %zu of size %zu, expected at %zu of size %zu", place->name,
                     place->offset, place->size, place->expected_offset, place->expected_size);
    }
}

static void numbers_are_those_of_the_standard(void** state) {
    (void)state;
    assert_int_equal(MP_STATUS_NOT_PERMITTED, 13);
    assert_int_equal(MP_STATUS_FN_REPLACED, 8);
    assert_int_equal(MP_PATH_STATE_UNKNOWN, 9);
    assert_int_equal(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, 8);
    assert_int_equal(MP_PORT_TRANSPORT_TYPE_IFB, 5);
    assert_int_equal(MP_ACCESS_STATE_TRANSITIONING, 15);
    assert_int_equal(MP_ACCESS_STATE_ACTIVE, 16);
    assert_int_equal(MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY, 64);
    assert_int_equal(MP_LU_NAME_TYPE_DEVICE_SPECIFIC, 4);
    assert_int_equal(MP_AUTOFAILBACK_SUPPORT_PLUGINANDMPLU, 3);
    assert_int_equal(MP_AUTORPOBING_SUPPORT_MPLU, 2);
    assert_int_equal(MP_AUTORPOBING_SUPPORT_PLUGINANDMPLU, 3);
    assert_int_equal(MP_UNKNOWN, 0xffffffff);
    assert_int_equal(MP_LIBVERSION, 1);
    assert_int_equal(MP_OBJECT_TYPE_MAX, 8);
    assert_int_equal(sizeof(MP_WCHAR), 4);
    assert_int_equal(sizeof(MP_STATUS), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_is_where_programs_expect_it),
        cmocka_unit_test(numbers_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
