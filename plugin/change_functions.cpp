// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Entry points that change something. What is looked at here is what a snapshot can tell: whether
// the objects exist and belong together. All else is the daemon's to judge.
#include "common/model/names.hpp"
#include "plugin/change.hpp"
#include "plugin/instance.hpp"
#include "plugin/object_paths.hpp"
#include "plugin/properties.hpp"
#include "plugin/text.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

constexpr char kPlugin[] = "org.mpapi.Multipath1.Plugin";
constexpr char kUnit[] = "org.mpapi.Multipath1.LogicalUnit";
constexpr char kPath[] = "org.mpapi.Multipath1.Path";
constexpr char kLoadBalance[] = "org.mpapi.Multipath1.LoadBalance";

using Arguments = std::function<int(sd_bus_message*)>;

int no_arguments(sd_bus_message*) {
    return 0;
}

Arguments boolean(bool value) {
    return [value](sd_bus_message* to) { return sd_bus_message_append(to, "b", int{value}); };
}

Arguments number(MP_UINT32 value) {
    return [value](sd_bus_message* to) { return sd_bus_message_append(to, "u", value); };
}

MP_STATUS change_plugin(const char* method, const Arguments& arguments) {
    std::string path;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        path = plugin_path(snapshot);
        return path.empty() ? MP_STATUS_UNSUPPORTED : MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return at_boundary([&] { return change(path, kPlugin, method, arguments); });
}

MP_STATUS change_unit(const MP_OID& oid, const char* method, const Arguments& arguments) {
    std::string path;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        const auto unit = snapshot.find_unit(oid.objectSequenceNumber);
        if (!unit) return MP_STATUS_OBJECT_NOT_FOUND;
        path = object_path(*unit);
        return MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return at_boundary([&] { return change(path, kUnit, method, arguments); });
}

MP_STATUS change_path(const MP_OID& oid, const char* method, const Arguments& arguments) {
    std::string path;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        const auto found = snapshot.find_path(oid.objectSequenceNumber);
        if (!found) return MP_STATUS_OBJECT_NOT_FOUND;
        path = object_path(snapshot, *found);
        return MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return at_boundary([&] { return change(path, kPath, method, arguments); });
}

// The word on the bus; nothing for a number that is no state of the standard.
std::optional<std::string_view> name_of(MP_ACCESS_STATE_TYPE state) {
    switch (state) {
    case MP_ACCESS_STATE_ACTIVE_OPTIMIZED:
    case MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED:
    case MP_ACCESS_STATE_STANDBY:
    case MP_ACCESS_STATE_UNAVAILABLE:
    case MP_ACCESS_STATE_TRANSITIONING:
    case MP_ACCESS_STATE_ACTIVE:
        return model::name_of(static_cast<model::AccessState>(state));
    }
    return std::nullopt;
}

// A name or value as a client wrote it, which need not end; nothing for one without an end, or with
// what is no character.
template <std::size_t size>
std::optional<std::string> text_of(const MP_WCHAR (&text)[size]) {
    std::string result;
    for (const MP_WCHAR wide : text) {
        const auto character = static_cast<char32_t>(wide);
        if (character == 0) return result;
        if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
            return std::nullopt;
        append_utf8(result, character);
    }
    return std::nullopt;
}

template <typename Properties>
bool has_name(const Properties& properties, const MP_PROPRIETARY_PROPERTY& wanted) {
    const auto* const begin = properties.proprietaryProperties;
    const auto* const end = begin + properties.proprietaryPropertyCount;
    return std::any_of(begin, end, [&](const MP_PROPRIETARY_PROPERTY& each) {
        return std::equal(
            std::begin(each.name), std::find(std::begin(each.name), std::end(each.name), 0),
            std::begin(wanted.name), std::find(std::begin(wanted.name), std::end(wanted.name), 0));
    });
}

// Where the properties of an object are set, and whether it has those names.
struct Settable {
    std::string path;
    const char* interface = nullptr;
};

template <typename Properties>
bool has_all(const Properties& properties, const MP_PROPRIETARY_PROPERTY* wanted, MP_UINT32 count) {
    return std::all_of(wanted, wanted + count,
                       [&](const auto& each) { return has_name(properties, each); });
}

MP_STATUS find_settable(const MP_OID& oid, const flat::Reader& snapshot,
                        const MP_PROPRIETARY_PROPERTY* wanted, MP_UINT32 count, Settable& to) {
    const Sequence sequence = oid.objectSequenceNumber;
    bool all = false;
    switch (oid.objectType) {
    case MP_OBJECT_TYPE_PLUGIN: {
        MP_PLUGIN_PROPERTIES properties;
        describe_plugin(&snapshot, {}, properties);
        all = has_all(properties, wanted, count);
        to = {plugin_path(snapshot), kPlugin};
        break;
    }
    case MP_OBJECT_TYPE_MULTIPATH_LU: {
        MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES properties;
        if (!describe(snapshot, oid.ownerId, sequence, properties))
            return MP_STATUS_OBJECT_NOT_FOUND;
        all = has_all(properties, wanted, count);
        to = {object_path(*snapshot.find_unit(sequence)), kUnit};
        break;
    }
    default: {
        MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES properties;
        if (!describe(snapshot, oid.ownerId, sequence, properties))
            return MP_STATUS_OBJECT_NOT_FOUND;
        all = has_all(properties, wanted, count);
        to = {load_balance_path(snapshot, *flat::find(snapshot.common().load_balances(), sequence)),
              kLoadBalance};
    }
    }
    return all ? MP_STATUS_SUCCESS : MP_STATUS_INVALID_PARAMETER;
}

} // namespace

MP_STATUS MP_EnableAutoFailbackPlugin() {
    return change_plugin("SetAutoFailback", boolean(true));
}

MP_STATUS MP_DisableAutoFailbackPlugin() {
    return change_plugin("SetAutoFailback", boolean(false));
}

MP_STATUS MP_EnableAutoProbingPlugin() {
    return change_plugin("SetAutoProbing", boolean(true));
}

MP_STATUS MP_DisableAutoProbingPlugin() {
    return change_plugin("SetAutoProbing", boolean(false));
}

MP_STATUS MP_SetPluginLoadBalanceTypePlugin(MP_LOAD_BALANCE_TYPE loadBalance) {
    return change_plugin("SetLoadBalanceType", number(loadBalance));
}

MP_STATUS MP_SetFailbackPollingRatePlugin(MP_UINT32 pollingRate) {
    return change_plugin("SetFailbackPollingRate", number(pollingRate));
}

MP_STATUS MP_SetProbingPollingRatePlugin(MP_UINT32 pollingRate) {
    return change_plugin("SetProbingPollingRate", number(pollingRate));
}

MP_STATUS MP_EnableAutoFailbackLu(MP_OID oid) {
    return change_unit(oid, "SetAutoFailback", boolean(true));
}

MP_STATUS MP_DisableAutoFailbackLu(MP_OID oid) {
    return change_unit(oid, "SetAutoFailback", boolean(false));
}

MP_STATUS MP_EnableAutoProbingLu(MP_OID oid) {
    return change_unit(oid, "SetAutoProbing", boolean(true));
}

MP_STATUS MP_DisableAutoProbingLu(MP_OID oid) {
    return change_unit(oid, "SetAutoProbing", boolean(false));
}

MP_STATUS MP_SetFailbackPollingRateLu(MP_OID oid, MP_UINT32 pollingRate) {
    return change_unit(oid, "SetFailbackPollingRate", number(pollingRate));
}

MP_STATUS MP_SetProbingPollingRateLu(MP_OID oid, MP_UINT32 pollingRate) {
    return change_unit(oid, "SetProbingPollingRate", number(pollingRate));
}

MP_STATUS MP_SetLogicalUnitLoadBalanceType(MP_OID logicalUnitOid,
                                           MP_LOAD_BALANCE_TYPE loadBalance) {
    return change_unit(logicalUnitOid, "SetLoadBalanceType", number(loadBalance));
}

MP_STATUS MP_EnablePath(MP_OID oid) {
    return change_path(oid, "Enable", no_arguments);
}

MP_STATUS MP_DisablePath(MP_OID oid) {
    return change_path(oid, "Disable", no_arguments);
}

MP_STATUS MP_SetPathWeight(MP_OID pathOid, MP_UINT32 weight) {
    return change_path(pathOid, "SetWeight", number(weight));
}

MP_STATUS MP_SetOverridePath(MP_OID logicalUnitOid, MP_OID pathOid) {
    std::string chosen;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        if (!snapshot.find_unit(logicalUnitOid.objectSequenceNumber))
            return MP_STATUS_OBJECT_NOT_FOUND;
        const auto path = snapshot.find_path(pathOid.objectSequenceNumber);
        if (!path) return MP_STATUS_OBJECT_NOT_FOUND;
        if (path->of.unit->id != logicalUnitOid.objectSequenceNumber)
            return MP_STATUS_INVALID_PARAMETER;
        chosen = object_path(snapshot, *path);
        return MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return change_unit(logicalUnitOid, "SetOverridePath", [&](sd_bus_message* to) {
        return sd_bus_message_append(to, "o", chosen.c_str());
    });
}

MP_STATUS MP_CancelOverridePath(MP_OID logicalUnitOid) {
    return change_unit(logicalUnitOid, "CancelOverridePath", no_arguments);
}

// SCSI has no command for it, so no group has supportsLuAssignment.
MP_STATUS MP_AssignLogicalUnitToTPG(MP_OID tpgOid, MP_OID luOid) {
    return with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        const auto group = snapshot.find_group(tpgOid.objectSequenceNumber);
        if (!group || !snapshot.find_unit(luOid.objectSequenceNumber))
            return MP_STATUS_OBJECT_NOT_FOUND;
        if (group->of.unit->id != luOid.objectSequenceNumber) return MP_STATUS_INVALID_PARAMETER;
        return MP_STATUS_UNSUPPORTED;
    });
}

MP_STATUS MP_SetTPGAccess(MP_OID luOid, MP_UINT32 count, MP_TPG_STATE_PAIR* pTpgStateList) {
    std::vector<std::pair<std::string, std::string_view>> wanted;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        if (!snapshot.find_unit(luOid.objectSequenceNumber)) return MP_STATUS_OBJECT_NOT_FOUND;
        std::set<Sequence> groups;
        for (MP_UINT32 at = 0; at < count; ++at) {
            const MP_TPG_STATE_PAIR& pair = pTpgStateList[at];
            const auto group = snapshot.find_group(pair.tpgOid.objectSequenceNumber);
            const auto state = name_of(pair.desiredState);
            if (!group || group->of.unit->id != luOid.objectSequenceNumber || !state ||
                !groups.insert(group->group->id).second)
                return MP_STATUS_INVALID_PARAMETER;
            // What a device does between two states is not to be had by command (SPC-4 6.45).
            if (pair.desiredState == MP_ACCESS_STATE_TRANSITIONING)
                return MP_STATUS_ACCESS_STATE_INVALID;
            wanted.emplace_back(object_path(*group), *state);
        }
        return MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return change_unit(luOid, "SetAccessStates", [&](sd_bus_message* to) {
        int r = sd_bus_message_open_container(to, 'a', "(os)");
        for (const auto& [group, state] : wanted)
            if (r >= 0) r = sd_bus_message_append(to, "(os)", group.c_str(), state.data());
        return r < 0 ? r : sd_bus_message_close_container(to);
    });
}

MP_STATUS MP_SetProprietaryProperties(MP_OID oid, MP_UINT32 count,
                                      MP_PROPRIETARY_PROPERTY* pPropertyList) {
    Settable object;
    std::vector<std::pair<std::string, std::string>> wanted;
    const MP_STATUS status = with_snapshot([&](const Instance&, const flat::Reader& snapshot) {
        const MP_STATUS found = find_settable(oid, snapshot, pPropertyList, count, object);
        if (found != MP_STATUS_SUCCESS) return found;
        for (MP_UINT32 at = 0; at < count; ++at) {
            auto name = text_of(pPropertyList[at].name);
            auto value = text_of(pPropertyList[at].value);
            if (!name || !value) return MP_STATUS_INVALID_PARAMETER;
            wanted.emplace_back(std::move(*name), std::move(*value));
        }
        return MP_STATUS_SUCCESS;
    });
    if (status != MP_STATUS_SUCCESS) return status;
    return at_boundary([&] {
        return change(
            object.path, object.interface, "SetProprietaryProperties", [&](sd_bus_message* to) {
                int r = sd_bus_message_open_container(to, 'a', "{ss}");
                for (const auto& [name, value] : wanted)
                    if (r >= 0) r = sd_bus_message_append(to, "{ss}", name.c_str(), value.c_str());
                return r < 0 ? r : sd_bus_message_close_container(to);
            });
    });
}
