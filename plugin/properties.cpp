// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/properties.hpp"

#include "common/model/values.hpp"
#include "plugin/proprietary.hpp"

#include <cstring>

namespace mpapi::plugin {

namespace {

MP_PORT_TRANSPORT_TYPE transport_of(std::uint8_t transport) {
    switch (static_cast<model::Transport>(transport)) {
    case model::Transport::FibreChannel:
        return MP_PORT_TRANSPORT_TYPE_FC;
    case model::Transport::ParallelScsi:
        return MP_PORT_TRANSPORT_TYPE_SPI;
    case model::Transport::Iscsi:
        return MP_PORT_TRANSPORT_TYPE_ISCSI;
    case model::Transport::InfiniBand:
        return MP_PORT_TRANSPORT_TYPE_IFB;
    case model::Transport::Sas: // the standard has no value
    case model::Transport::Unknown:
        break;
    }
    return MP_PORT_TRANSPORT_TYPE_UNKNOWN;
}

MP_PATH_STATE path_state_of(std::uint8_t state) {
    static_assert(static_cast<int>(model::PathState::LogicalUnitError) == MP_PATH_STATE_LU_ERR &&
                  static_cast<int>(model::PathState::OfflineClosed) ==
                      MP_PATH_STATE_OFFLINE_CLOSED);
    return state < MP_PATH_STATE_UNKNOWN ? static_cast<MP_PATH_STATE>(state)
                                         : MP_PATH_STATE_UNKNOWN;
}

// The standard has no value for three states that SPC-4 or we know. Through a
// logical-block-dependent group some blocks are reached optimally, the others too; an offline one
// is none to send I/O to. Of an unknown one nobody said that it could not be used: whether it can
// is what its paths' own states tell.
MP_ACCESS_STATE_TYPE access_state_of(std::uint8_t state) {
    switch (static_cast<model::AccessState>(state)) {
    case model::AccessState::ActiveOptimized:
        return MP_ACCESS_STATE_ACTIVE_OPTIMIZED;
    case model::AccessState::ActiveNonOptimized:
        return MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED;
    case model::AccessState::Standby:
        return MP_ACCESS_STATE_STANDBY;
    case model::AccessState::Transitioning:
        return MP_ACCESS_STATE_TRANSITIONING;
    case model::AccessState::LogicalBlockDependent:
    case model::AccessState::Active:
    case model::AccessState::Unknown:
        return MP_ACCESS_STATE_ACTIVE;
    case model::AccessState::Unavailable:
    case model::AccessState::Offline:
        break;
    }
    return MP_ACCESS_STATE_UNAVAILABLE;
}

// Of units that have no setting of their own: their number, then they; "0" where nobody set any.
std::string_view default_arguments(const flat::SectionView& common, std::string_view selector) {
    if (const auto plugins = common.plugins(); !plugins.empty()) {
        const std::string_view text = common.text(plugins.front().default_selector);
        if (text.starts_with(selector) && text.substr(selector.size()).starts_with(" "))
            return text.substr(selector.size() + 1);
    }
    return "0";
}

// No object is all zero.
MP_OID reference(MP_OBJECT_TYPE type, MP_UINT32 owner, Sequence sequence) {
    return sequence ? oid_of(type, owner, sequence) : MP_OID{};
}

} // namespace

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
              MP_INITIATOR_PORT_PROPERTIES& to) {
    const flat::SectionView common = snapshot.common();
    const auto* port = flat::find(common.initiator_ports(), sequence);
    if (port == nullptr) return false;
    std::memset(&to, 0, sizeof to);
    put(to.portID, common.text(port->port_id));
    to.portType = transport_of(port->transport);
    put(to.osDeviceFile, common.text(port->device_file));
    put(to.osFriendlyName, common.text(port->friendly_name));
    return true;
}

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
              MP_TARGET_PORT_PROPERTIES& to) {
    const flat::SectionView common = snapshot.common();
    const auto* port = flat::find(common.target_ports(), sequence);
    if (port == nullptr) return false;
    std::memset(&to, 0, sizeof to);
    put(to.portID, common.text(port->port_id));
    to.relativePortID = port->relative_port_id;
    return true;
}

bool describe(const flat::Reader& snapshot, MP_UINT32 owner, Sequence sequence,
              MP_PATH_LOGICAL_UNIT_PROPERTIES& to) {
    const auto view = snapshot.find_path(sequence);
    if (!view) return false;
    const flat::Path& path = *view->path;
    std::memset(&to, 0, sizeof to);
    to.weight = path.weight;
    to.pathState = path_state_of(path.state);
    to.disabled = path.flags & flat::kDisabled ? MP_TRUE : MP_FALSE;
    to.initiatorPortOid = reference(MP_OBJECT_TYPE_INITIATOR_PORT, owner, path.initiator_port);
    to.targetPortOid = reference(MP_OBJECT_TYPE_TARGET_PORT, owner, path.target_port);
    to.logicalUnitOid = oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, owner, view->of.unit->id);
    to.logicalUnitNumber = path.lun;
    if (const auto device = view->of.section.text(path.device); !device.empty()) {
        constexpr std::string_view folder = "/dev/";
        char file[sizeof to.deviceFileName];
        const std::size_t length = std::min(device.size(), sizeof file - folder.size());
        std::memcpy(file, folder.data(), folder.size());
        std::memcpy(file + folder.size(), device.data(), length);
        put(to.deviceFileName, {file, folder.size() + length});
    }
    to.busNumber = path.host;
    to.portNumber = path.channel;
    return true;
}

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
              MP_DEVICE_PRODUCT_PROPERTIES& to) {
    const flat::SectionView common = snapshot.common();
    const auto* product = flat::find(common.products(), sequence);
    if (product == nullptr) return false;
    std::memset(&to, 0, sizeof to);
    pad(to.vendor, common.text(product->vendor));
    pad(to.product, common.text(product->product));
    pad(to.revision, common.text(product->revision));
    to.supportedLoadBalanceTypes = supported_load_balance_types(common);
    return true;
}

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
              MP_TARGET_PORT_GROUP_PROPERTIES& to) {
    const auto view = snapshot.find_group(sequence);
    if (!view) return false;
    std::memset(&to, 0, sizeof to);
    to.accessState = access_state_of(view->group->access_state);
    to.explicitFailover = view->group->explicit_failover ? MP_TRUE : MP_FALSE;
    to.supportsLuAssignment = MP_FALSE; // SCSI has no command for it
    to.preferredLuPath = view->group->preferred ? MP_TRUE : MP_FALSE;
    to.tpgID = view->group->number;
    return true;
}

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
              MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES& to) {
    if (!exists(snapshot, MP_OBJECT_TYPE_PROPRIETARY_LOAD_BALANCE, sequence)) return false;
    const flat::SectionView common = snapshot.common();
    const auto* algorithm = flat::find(common.load_balances(), sequence);
    std::memset(&to, 0, sizeof to);
    const std::string_view selector = common.text(algorithm->selector);
    to.typeIndex = algorithm->type;
    put(to.name, selector);
    put(to.vendorName, common.text(algorithm->vendor));
    Proprietary more(to);
    more.add("selector", selector);
    more.add("selector args", default_arguments(common, selector));
    // What the selector takes from a table line, for each path and for each priority group, as the
    // kernel's documentation and sources of the selectors name it.
    if (selector == "service-time") {
        more.add("path usage", "[repeat_count [relative_throughput]]");
    } else if (selector == "historical-service-time") {
        more.add("selector usage", "[base_weight [threshold_multiplier]]");
        more.add("path usage", "[repeat_count]");
    } else if (selector == "io-affinity") {
        more.add("path usage", "cpumask");
    }
    return true;
}

} // namespace mpapi::plugin
