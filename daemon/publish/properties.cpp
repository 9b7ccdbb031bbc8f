// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each property means is told in dbus/org.mpapi.Multipath1.xml, which a test holds against
// these tables.
#include "daemon/publish/properties.hpp"

#include "common/model/identity.hpp"

#include <array>

namespace mpapi::publish {

using namespace model;

namespace {

template <typename Member>
struct MemberOf;
template <typename T, typename V>
struct MemberOf<V T::*> {
    using Owner = T;
    using Value = V;
};

// A property that is a field of the value.
template <auto Field>
constexpr auto field(const char* name, Emits emits = Emits::Change) {
    using T = typename MemberOf<decltype(Field)>::Owner;
    using Value = typename MemberOf<decltype(Field)>::Value;
    return Property<T>{
        name,
        Codec<Value>::signature.text,
        emits,
        [](BusWriter& out, const View<T>& v) { Codec<Value>::append(out, v.value->*Field); },
        [](JsonWriter& out, const View<T>& v) { Codec<Value>::json(out, v.value->*Field); },
        [](const View<T>& a, const View<T>& b) { return a.value->*Field == b.value->*Field; },
    };
}

// A property that follows from the value and what surrounds it.
template <typename T, typename Get>
constexpr auto derived(const char* name, Emits emits, Get) {
    using Value = std::remove_cvref_t<std::invoke_result_t<Get, const View<T>&>>;
    return Property<T>{
        name,
        Codec<Value>::signature.text,
        emits,
        [](BusWriter& out, const View<T>& v) { Codec<Value>::append(out, Get{}(v)); },
        [](JsonWriter& out, const View<T>& v) { Codec<Value>::json(out, Get{}(v)); },
        [](const View<T>& a, const View<T>& b) { return Get{}(a) == Get{}(b); },
    };
}

template <typename T>
constexpr auto object_id() {
    return derived<T>("ObjectId", Emits::Const, [](const View<T>& v) {
        return ObjectId{type_of<T>, v->id};
    });
}

template <typename T>
Ref refer(const View<T>& from, ObjectType type, std::uint64_t id) {
    return Ref{type, id, id != 0, from.snapshot, from.unit};
}

template <typename T>
constexpr auto unit_of() {
    return derived<T>("LogicalUnit", Emits::Const, [](const View<T>& v) {
        return refer(v, ObjectType::LogicalUnit, v.unit->unit.id);
    });
}

template <typename T>
constexpr auto initiator_port_of() {
    return derived<T>("InitiatorPort", Emits::Change, [](const View<T>& v) {
        return refer(v, ObjectType::InitiatorPort, v->initiator_port);
    });
}

template <typename T>
constexpr auto target_port_of() {
    return derived<T>("TargetPort", Emits::Change, [](const View<T>& v) {
        return refer(v, ObjectType::TargetPort, v->target_port);
    });
}

template <typename T>
constexpr auto logical_unit_number_of() {
    return derived<T>("LogicalUnitNumber", Emits::Const,
                      [](const View<T>& v) { return model::logical_unit_number(v->address.lun); });
}

template <auto member>
constexpr auto of_capabilities(const char* name) {
    return derived<Plugin>(name, Emits::Change,
                           [](const View<Plugin>& v) { return v->capabilities.*member; });
}

template <typename T, auto member>
constexpr auto of_upkeep(const char* name) {
    return derived<T>(name, Emits::Change, [](const View<T>& v) { return v->upkeep.*member; });
}

std::uint32_t count(std::size_t size) {
    return static_cast<std::uint32_t>(size);
}

std::uint32_t count_parts(const Snapshot& snapshot, auto member) {
    std::size_t sum = 0;
    snapshot.units.for_each([&](const Unit& unit) { sum += (unit.*member).size(); });
    return count(sum);
}

bool usable(const Path& path) {
    return path.state == PathState::Okay && !path.disabled;
}

Time read(const std::atomic<Time>& at) {
    return at.load(std::memory_order_relaxed);
}

constexpr auto kManager = std::to_array<Property<Manager>>({
    derived<Manager>("Version", Emits::Const,
                     [](const View<Manager>&) { return std::string_view(MPAPI_VERSION); }),
    derived<Manager>("Instance", Emits::Const,
                     [](const View<Manager>& v) { return v.snapshot->instance; }),
    derived<Manager>("Generation", Emits::Never,
                     [](const View<Manager>& v) { return v.snapshot->generation; }),
    field<&Manager::ready>("Ready"),
    field<&Manager::path_manager>("PathManager"),
    field<&Manager::path_manager_reason>("PathManagerReason"),
    field<&Manager::device_mapper>("DeviceMapperTrouble"),
    field<&Manager::udev>("UdevTrouble"),
    derived<Manager>("LogicalUnitCount", Emits::Never,
                     [](const View<Manager>& v) { return count(v.snapshot->units.size()); }),
    derived<Manager>("PathCount", Emits::Never,
                     [](const View<Manager>& v) { return count_parts(*v.snapshot, &Unit::paths); }),
    derived<Manager>(
        "TargetPortGroupCount", Emits::Never,
        [](const View<Manager>& v) { return count_parts(*v.snapshot, &Unit::groups); }),
    derived<Manager>(
        "InitiatorPortCount", Emits::Never,
        [](const View<Manager>& v) { return count(v.snapshot->initiator_ports->size()); }),
    derived<Manager>(
        "TargetPortCount", Emits::Never,
        [](const View<Manager>& v) { return count(v.snapshot->target_ports->size()); }),
    derived<Manager>("DiskCount", Emits::Never,
                     [](const View<Manager>& v) { return count(v.snapshot->disks.size()); }),
});

constexpr auto kPlugin = std::to_array<Property<Plugin>>({
    object_id<Plugin>(),
    field<&Plugin::name>("Name", Emits::Const),
    field<&Plugin::driver_name>("DriverName"),
    field<&Plugin::driver_vendor>("DriverVendor"),
    field<&Plugin::driver_version>("DriverVersion"),
    field<&Plugin::device_file_namespace>("DeviceFileNamespace"),
    field<&Plugin::load_balance>("Selectors"),
    derived<Plugin>("SupportedLoadBalanceTypes", Emits::Never,
                    [](const View<Plugin>& v) {
                        std::uint32_t types = 0;
                        for (const auto& each : *v.snapshot->load_balances)
                            types |= each.type;
                        return types;
                    }),
    of_capabilities<&Capabilities::set_access_states>("CanSetAccessStates"),
    of_capabilities<&Capabilities::override_paths>("CanOverridePaths"),
    of_capabilities<&Capabilities::disable_paths>("CanDisablePaths"),
    of_capabilities<&Capabilities::maximum_weight>("MaximumWeight"),
    of_capabilities<&Capabilities::load_balance>("LoadBalanceSupport"),
    of_capabilities<&Capabilities::auto_failback>("AutoFailbackSupport"),
    of_capabilities<&Capabilities::failback_rate>("FailbackPollingRateSupport"),
    of_capabilities<&Capabilities::failback_rate_max>("FailbackPollingRateMax"),
    of_capabilities<&Capabilities::auto_probing>("AutoProbingSupport"),
    of_capabilities<&Capabilities::probing_rate>("ProbingPollingRateSupport"),
    of_capabilities<&Capabilities::probing_rate_max>("ProbingPollingRateMax"),
    of_upkeep<Plugin, &Upkeep::auto_failback>("AutoFailback"),
    of_upkeep<Plugin, &Upkeep::failback_rate>("FailbackPollingRate"),
    of_upkeep<Plugin, &Upkeep::auto_probing>("AutoProbing"),
    of_upkeep<Plugin, &Upkeep::probing_rate>("ProbingPollingRate"),
    field<&Plugin::default_selector>("DefaultSelector"),
});

constexpr auto kInitiatorPort = std::to_array<Property<InitiatorPort>>({
    object_id<InitiatorPort>(),
    field<&InitiatorPort::port_id>("PortId", Emits::Const),
    field<&InitiatorPort::transport>("Transport"),
    field<&InitiatorPort::device_file>("DeviceFile"),
    field<&InitiatorPort::friendly_name>("FriendlyName"),
});

constexpr auto kTargetPort = std::to_array<Property<TargetPort>>({
    object_id<TargetPort>(),
    field<&TargetPort::port_id>("PortId", Emits::Const),
    field<&TargetPort::transport>("Transport"),
    field<&TargetPort::relative_port_id>("RelativePortId"),
});

constexpr auto kDeviceProduct = std::to_array<Property<DeviceProduct>>({
    object_id<DeviceProduct>(),
    field<&DeviceProduct::vendor>("Vendor", Emits::Const),
    field<&DeviceProduct::product>("Product", Emits::Const),
    field<&DeviceProduct::revision>("Revision", Emits::Const),
});

constexpr auto kLoadBalance = std::to_array<Property<LoadBalance>>({
    object_id<LoadBalance>(),
    field<&LoadBalance::selector>("Selector", Emits::Const),
    field<&LoadBalance::vendor>("Vendor", Emits::Const),
    field<&LoadBalance::type>("Type", Emits::Const),
});

constexpr auto kLogicalUnit = std::to_array<Property<LogicalUnit>>({
    object_id<LogicalUnit>(),
    field<&LogicalUnit::key>("Key", Emits::Const),
    field<&LogicalUnit::name>("Name"),
    field<&LogicalUnit::uuid>("Uuid"),
    derived<LogicalUnit>("DeviceFile", Emits::Change,
                         [](const View<LogicalUnit>& v) { return "/dev/mapper/" + v->name; }),
    field<&LogicalUnit::number>("DeviceNumber"),
    field<&LogicalUnit::vendor>("Vendor"),
    field<&LogicalUnit::product>("Product"),
    field<&LogicalUnit::revision>("Revision"),
    field<&LogicalUnit::serial_number>("SerialNumber"),
    field<&LogicalUnit::unit_name>("UnitName"),
    field<&LogicalUnit::unit_name_type>("UnitNameType"),
    field<&LogicalUnit::unit_name_source>("UnitNameSource"),
    field<&LogicalUnit::duplicate_designator>("DuplicateDesignator"),
    field<&LogicalUnit::logical_unit_group>("LogicalUnitGroup"),
    field<&LogicalUnit::size>("Size"),
    field<&LogicalUnit::size_mismatch>("SizeMismatch"),
    field<&LogicalUnit::read_only>("ReadOnly"),
    derived<LogicalUnit>("PathCount", Emits::Change,
                         [](const View<LogicalUnit>& v) { return count(v.unit->paths.size()); }),
    derived<LogicalUnit>("UsablePathCount", Emits::Change,
                         [](const View<LogicalUnit>& v) {
                             std::uint32_t usable_paths = 0;
                             for (const auto& path : v.unit->paths)
                                 usable_paths += usable(path);
                             return usable_paths;
                         }),
    field<&LogicalUnit::queueing>("Queueing"),
    field<&LogicalUnit::queue_if_no_path>("QueueIfNoPath"),
    field<&LogicalUnit::suspended>("Suspended"),
    field<&LogicalUnit::current_group>("CurrentPriorityGroup"),
    field<&LogicalUnit::event_number>("EventNumber", Emits::Never),
    field<&LogicalUnit::features>("Features"),
    field<&LogicalUnit::hardware_handler>("HardwareHandler"),
    field<&LogicalUnit::selector>("Selector"),
    field<&LogicalUnit::selector_arguments>("SelectorArguments"),
    derived<LogicalUnit>("TableSource", Emits::Const,
                         [](const View<LogicalUnit>&) { return Source::DeviceMapper; }),
    derived<LogicalUnit>(
        "TableReadAt", Emits::Never,
        [](const View<LogicalUnit>& v) { return read(v.unit->read_times->device_mapper); }),
    field<&LogicalUnit::asymmetric>("Asymmetric"),
    field<&LogicalUnit::implicit_alua>("ImplicitFailover"),
    field<&LogicalUnit::explicit_alua>("ExplicitFailover"),
    derived<LogicalUnit>("DeviceProduct", Emits::Change,
                         [](const View<LogicalUnit>& v) {
                             return refer(v, ObjectType::DeviceProduct, v->product_id);
                         }),
    derived<LogicalUnit>("LoadBalance", Emits::Change,
                         [](const View<LogicalUnit>& v) {
                             return refer(v, ObjectType::LoadBalance, v->load_balance);
                         }),
    derived<LogicalUnit>("LoadBalanceType", Emits::Change,
                         [](const View<LogicalUnit>& v) {
                             const auto* algorithm =
                                 find(v.snapshot->load_balances, v->load_balance);
                             // MP_LOAD_BALANCE_TYPE_UNKNOWN is bit 0.
                             return algorithm ? algorithm->type : std::uint32_t{1};
                         }),
    derived<LogicalUnit>(
        "OverridePath", Emits::Change,
        [](const View<LogicalUnit>& v) { return refer(v, ObjectType::Path, v->override_path); }),
    of_upkeep<LogicalUnit, &Upkeep::auto_failback>("AutoFailback"),
    of_upkeep<LogicalUnit, &Upkeep::failback_rate>("FailbackPollingRate"),
    of_upkeep<LogicalUnit, &Upkeep::auto_probing>("AutoProbing"),
    of_upkeep<LogicalUnit, &Upkeep::probing_rate>("ProbingPollingRate"),
    field<&LogicalUnit::settings>("Settings"),
    field<&LogicalUnit::trouble>("Trouble"),
});

constexpr auto kTargetPortGroup = std::to_array<Property<TargetPortGroup>>({
    object_id<TargetPortGroup>(),
    unit_of<TargetPortGroup>(),
    field<&TargetPortGroup::number>("Number", Emits::Const),
    field<&TargetPortGroup::access_state>("AccessState"),
    derived<TargetPortGroup>("ReadAt", Emits::Never,
                             [](const View<TargetPortGroup>& v) {
                                 return read(v.unit->read_times->target_port_groups);
                             }),
    field<&TargetPortGroup::source>("Source"),
    field<&TargetPortGroup::preferred>("Preferred"),
    derived<TargetPortGroup>("SupportedStates", Emits::Change,
                             [](const View<TargetPortGroup>& v) {
                                 // SPC-4 6.36, byte 1 of the descriptor: a bit for each state
                                 static constexpr std::pair<unsigned, AccessState> bits[] = {
                                     {0x01, AccessState::ActiveOptimized},
                                     {0x02, AccessState::ActiveNonOptimized},
                                     {0x04, AccessState::Standby},
                                     {0x08, AccessState::Unavailable},
                                     {0x10, AccessState::LogicalBlockDependent},
                                     {0x40, AccessState::Offline},
                                     {0x80, AccessState::Transitioning},
                                 };
                                 std::vector<AccessState> states;
                                 for (const auto& [bit, state] : bits)
                                     if (v->supported_states & bit) states.push_back(state);
                                 return states;
                             }),
    derived<TargetPortGroup>("StatusCode", Emits::Change,
                             [](const View<TargetPortGroup>& v) -> std::string_view {
                                 switch (v->status_code) {
                                 case 0:
                                     return "none";
                                 case 1:
                                     return "explicit";
                                 case 2:
                                     return "implicit";
                                 default:
                                     return "reserved";
                                 }
                             }),
    field<&TargetPortGroup::explicit_failover>("ExplicitFailover"),
    field<&TargetPortGroup::relative_port_ids>("RelativePortIds"),
    derived<TargetPortGroup>("TargetPorts", Emits::Change,
                             [](const View<TargetPortGroup>& v) {
                                 std::vector<Ref> ports;
                                 for (auto id : v->target_ports)
                                     ports.push_back(refer(v, ObjectType::TargetPort, id));
                                 return ports;
                             }),
    field<&TargetPortGroup::trouble>("Trouble"),
});

constexpr auto kPath = std::to_array<Property<Path>>({
    object_id<Path>(),
    unit_of<Path>(),
    initiator_port_of<Path>(),
    target_port_of<Path>(),
    derived<Path>("TargetPortGroup", Emits::Change,
                  [](const View<Path>& v) {
                      const bool there =
                          v->group_known && v.unit->group_numbered(v->target_port_group);
                      return Ref{ObjectType::TargetPortGroup, v->target_port_group, there,
                                 v.snapshot, v.unit};
                  }),
    logical_unit_number_of<Path>(),
    field<&Path::device>("Device"),
    field<&Path::number>("DeviceNumber"),
    field<&Path::address>("Address"),
    field<&Path::device_state>("DeviceState"),
    field<&Path::state>("State"),
    derived<Path>("StateSource", Emits::Const,
                  [](const View<Path>&) { return Source::DeviceMapper; }),
    derived<Path>("StateReadAt", Emits::Never,
                  [](const View<Path>& v) { return read(v.unit->read_times->device_mapper); }),
    field<&Path::disabled>("Disabled"),
    field<&Path::weight>("Weight"),
    field<&Path::dm_active>("Active"),
    field<&Path::fail_count>("FailCount"),
    field<&Path::priority_group>("PriorityGroup"),
    field<&Path::selector_arguments>("SelectorArguments"),
    field<&Path::relative_port_id>("RelativePortId"),
    field<&Path::size>("Size"),
    field<&Path::size_mismatch>("SizeMismatch"),
    field<&Path::identity>("Identity"),
    field<&Path::designator>("Designator"),
    field<&Path::identity_source>("IdentitySource"),
    field<&Path::identity_read_at>("IdentityReadAt", Emits::Never),
    field<&Path::trouble>("Trouble"),
});

constexpr auto kDisk = std::to_array<Property<Disk>>({
    object_id<Disk>(),
    field<&Disk::key>("Key", Emits::Const),
    field<&Disk::device>("Device"),
    field<&Disk::number>("DeviceNumber"),
    field<&Disk::address>("Address"),
    logical_unit_number_of<Disk>(),
    field<&Disk::transport>("Transport"),
    field<&Disk::device_state>("DeviceState"),
    field<&Disk::vendor>("Vendor"),
    field<&Disk::product>("Product"),
    field<&Disk::revision>("Revision"),
    field<&Disk::serial_number>("SerialNumber"),
    field<&Disk::unit_name>("UnitName"),
    field<&Disk::unit_name_type>("UnitNameType"),
    initiator_port_of<Disk>(),
    target_port_of<Disk>(),
    field<&Disk::size>("Size"),
    field<&Disk::exclusion>("Exclusion"),
    field<&Disk::exclusion_detail>("ExclusionDetail"),
    field<&Disk::trouble>("Trouble"),
});

} // namespace

std::span<const Property<Manager>> Interface<Manager>::properties() {
    return kManager;
}
std::span<const Property<Plugin>> Interface<Plugin>::properties() {
    return kPlugin;
}
std::span<const Property<InitiatorPort>> Interface<InitiatorPort>::properties() {
    return kInitiatorPort;
}
std::span<const Property<TargetPort>> Interface<TargetPort>::properties() {
    return kTargetPort;
}
std::span<const Property<DeviceProduct>> Interface<DeviceProduct>::properties() {
    return kDeviceProduct;
}
std::span<const Property<LoadBalance>> Interface<LoadBalance>::properties() {
    return kLoadBalance;
}
std::span<const Property<LogicalUnit>> Interface<LogicalUnit>::properties() {
    return kLogicalUnit;
}
std::span<const Property<TargetPortGroup>> Interface<TargetPortGroup>::properties() {
    return kTargetPortGroup;
}
std::span<const Property<Path>> Interface<Path>::properties() {
    return kPath;
}
std::span<const Property<Disk>> Interface<Disk>::properties() {
    return kDisk;
}

} // namespace mpapi::publish
