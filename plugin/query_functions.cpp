// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Entry points that read. Without a daemon that answers they fail, but for the plugin's own
// properties, which say why.
#include "plugin/instance.hpp"
#include "plugin/properties.hpp"

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

MP_STATUS give(MP_OID_LIST** to, const Instance& self, MP_OBJECT_TYPE type,
               const Sequences& sequences) {
    MP_OID_LIST* const list = new_list(type, self.owner, sequences);
    if (list == nullptr) return MP_STATUS_INSUFFICIENT_MEMORY;
    *to = list;
    return MP_STATUS_SUCCESS;
}

MP_STATUS list_all(MP_OBJECT_TYPE type, MP_OID_LIST** to) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        return give(to, self, type, all_of(snapshot, type));
    });
}

template <typename Properties>
MP_STATUS properties_of(const MP_OID& oid, Properties* to) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        return describe(snapshot, self.owner, oid.objectSequenceNumber, *to)
                   ? MP_STATUS_SUCCESS
                   : MP_STATUS_OBJECT_NOT_FOUND;
    });
}

} // namespace

MP_STATUS MP_GetPluginPropertiesPlugin(MP_PLUGIN_PROPERTIES* pProps) {
    return at_boundary([&] {
        Instance* const self = Instance::current();
        if (self == nullptr) return MP_STATUS_FAILED;
        const auto picture = self->daemon.picture();
        if (picture)
            describe_plugin(&***picture, {}, *pProps);
        else
            describe_plugin(nullptr, picture.error().reason, *pProps);
        return MP_STATUS_SUCCESS;
    });
}

MP_STATUS MP_GetDeviceProductOidListPlugin(MP_OID_LIST** ppList) {
    return list_all(MP_OBJECT_TYPE_DEVICE_PRODUCT, ppList);
}

MP_STATUS MP_GetInitiatorPortOidListPlugin(MP_OID_LIST** ppList) {
    return list_all(MP_OBJECT_TYPE_INITIATOR_PORT, ppList);
}

MP_STATUS MP_GetMultipathLusPlugin(MP_OID_LIST** ppList) {
    return list_all(MP_OBJECT_TYPE_MULTIPATH_LU, ppList);
}

MP_STATUS MP_GetProprietaryLoadBalanceOidListPlugin(MP_OID_LIST** ppList) {
    return list_all(MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, ppList);
}

MP_STATUS MP_GetMultipathLusDevProd(MP_OID oid, MP_OID_LIST** ppList) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        if (!exists(snapshot, MP_OBJECT_TYPE_DEVICE_PRODUCT, oid.objectSequenceNumber))
            return MP_STATUS_OBJECT_NOT_FOUND;
        return give(ppList, self, MP_OBJECT_TYPE_MULTIPATH_LU,
                    units_of_product(snapshot, oid.objectSequenceNumber));
    });
}

MP_STATUS MP_GetAssociatedPathOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        const Sequence sequence = oid.objectSequenceNumber;
        if (!exists(snapshot, oid.objectType, sequence)) return MP_STATUS_OBJECT_NOT_FOUND;
        auto paths = [&] {
            switch (oid.objectType) {
            case MP_OBJECT_TYPE_INITIATOR_PORT:
                return paths_of_initiator_port(snapshot, sequence);
            case MP_OBJECT_TYPE_TARGET_PORT:
                return paths_of_target_port(snapshot, sequence);
            default:
                return paths_of_unit(*snapshot.find_unit(sequence));
            }
        };
        return give(ppList, self, MP_OBJECT_TYPE_PATH_LU, paths());
    });
}

MP_STATUS MP_GetAssociatedTPGOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        const auto unit = snapshot.find_unit(oid.objectSequenceNumber);
        if (!unit) return MP_STATUS_OBJECT_NOT_FOUND;
        return give(ppList, self, MP_OBJECT_TYPE_TARGET_PORT_GROUP, groups_of_unit(*unit));
    });
}

// A group is a unit's own (mpapi-plugin-linux(7)).
MP_STATUS MP_GetMPLuOidListFromTPG(MP_OID oid, MP_OID_LIST** ppList) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        const auto group = snapshot.find_group(oid.objectSequenceNumber);
        if (!group) return MP_STATUS_OBJECT_NOT_FOUND;
        return give(ppList, self, MP_OBJECT_TYPE_MULTIPATH_LU, {group->of.unit->id});
    });
}

MP_STATUS MP_GetTargetPortOidList(MP_OID oid, MP_OID_LIST** ppList) {
    return with_snapshot([&](const Instance& self, const flat::Reader& snapshot) {
        const auto group = snapshot.find_group(oid.objectSequenceNumber);
        if (!group) return MP_STATUS_OBJECT_NOT_FOUND;
        return give(ppList, self, MP_OBJECT_TYPE_TARGET_PORT, target_ports_of_group(*group));
    });
}

MP_STATUS MP_GetDeviceProductProperties(MP_OID oid, MP_DEVICE_PRODUCT_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetInitiatorPortProperties(MP_OID oid, MP_INITIATOR_PORT_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetMPLogicalUnitProperties(MP_OID oid, MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetPathLogicalUnitProperties(MP_OID oid, MP_PATH_LOGICAL_UNIT_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetTargetPortGroupProperties(MP_OID oid, MP_TARGET_PORT_GROUP_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetTargetPortProperties(MP_OID oid, MP_TARGET_PORT_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}

MP_STATUS MP_GetProprietaryLoadBalanceProperties(MP_OID oid,
                                                 MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES* pProps) {
    return properties_of(oid, pProps);
}
