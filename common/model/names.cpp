// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/names.hpp"

#include <array>
#include <utility>

namespace mpapi::model {

namespace {

template <typename E>
using Word = std::pair<E, std::string_view>;

template <typename E>
struct Words;

template <>
struct Words<ObjectType> {
    static constexpr auto table = std::to_array<Word<ObjectType>>({
        {ObjectType::Unknown, "unknown"},
        {ObjectType::Plugin, "plugin"},
        {ObjectType::InitiatorPort, "initiator-port"},
        {ObjectType::TargetPort, "target-port"},
        {ObjectType::LogicalUnit, "logical-unit"},
        {ObjectType::Path, "path"},
        {ObjectType::DeviceProduct, "device-product"},
        {ObjectType::TargetPortGroup, "target-port-group"},
        {ObjectType::LoadBalance, "load-balance"},
        {ObjectType::Disk, "disk"},
    });
};

template <>
struct Words<Source> {
    static constexpr auto table = std::to_array<Word<Source>>({
        {Source::None, "none"},
        {Source::Udev, "udev"},
        {Source::Sysfs, "sysfs"},
        {Source::DeviceMapper, "device-mapper"},
        {Source::Inquiry, "inquiry"},
        {Source::Vpd, "vpd"},
        {Source::Rtpg, "rtpg"},
        {Source::Synthetic, "synthetic"},
    });
};

template <>
struct Words<Transport> {
    static constexpr auto table = std::to_array<Word<Transport>>({
        {Transport::Unknown, "unknown"},
        {Transport::FibreChannel, "fibre-channel"},
        {Transport::ParallelScsi, "parallel-scsi"},
        {Transport::Iscsi, "iscsi"},
        {Transport::InfiniBand, "infiniband"},
        {Transport::Sas, "sas"},
    });
};

template <>
struct Words<PathState> {
    static constexpr auto table = std::to_array<Word<PathState>>({
        {PathState::Okay, "okay"},
        {PathState::PathError, "path-error"},
        {PathState::LogicalUnitError, "logical-unit-error"},
        {PathState::Reserved, "reserved"},
        {PathState::Removed, "removed"},
        {PathState::Transitioning, "transitioning"},
        {PathState::OperationalClosed, "operational-closed"},
        {PathState::InvalidClosed, "invalid-closed"},
        {PathState::OfflineClosed, "offline-closed"},
        {PathState::Unknown, "unknown"},
    });
};

template <>
struct Words<AccessState> {
    static constexpr auto table = std::to_array<Word<AccessState>>({
        {AccessState::ActiveOptimized, "active-optimized"},
        {AccessState::ActiveNonOptimized, "active-non-optimized"},
        {AccessState::Standby, "standby"},
        {AccessState::Unavailable, "unavailable"},
        {AccessState::LogicalBlockDependent, "logical-block-dependent"},
        {AccessState::Offline, "offline"},
        {AccessState::Transitioning, "transitioning"},
        {AccessState::Active, "active"},
        {AccessState::Unknown, "unknown"},
    });
};

template <>
struct Words<NameType> {
    static constexpr auto table = std::to_array<Word<NameType>>({
        {NameType::Unknown, "unknown"},
        {NameType::T10VendorId, "t10-vendor-id"},
        {NameType::Eui64, "eui-64"},
        {NameType::Naa, "naa"},
        {NameType::DeviceSpecific, "device-specific"},
    });
};

template <>
struct Words<SettingSupport> {
    static constexpr auto table = std::to_array<Word<SettingSupport>>({
        {SettingSupport::None, "none"},
        {SettingSupport::Plugin, "plugin"},
        {SettingSupport::LogicalUnit, "logical-unit"},
        {SettingSupport::Both, "both"},
    });
};

template <>
struct Words<Switch> {
    static constexpr auto table = std::to_array<Word<Switch>>({
        {Switch::Off, "off"},
        {Switch::On, "on"},
        {Switch::Unknown, "unknown"},
    });
};

template <>
struct Words<Queueing> {
    static constexpr auto table = std::to_array<Word<Queueing>>({
        {Queueing::No, "no"},
        {Queueing::NoUsablePath, "no-usable-path"},
        {Queueing::GroupSwitch, "group-switch"},
        {Queueing::Suspended, "suspended"},
    });
};

template <>
struct Words<DeviceState> {
    static constexpr auto table = std::to_array<Word<DeviceState>>({
        {DeviceState::Unknown, "unknown"},
        {DeviceState::Running, "running"},
        {DeviceState::Offline, "offline"},
        {DeviceState::TransportOffline, "transport-offline"},
        {DeviceState::Blocked, "blocked"},
        {DeviceState::Quiesced, "quiesced"},
        {DeviceState::Removing, "removing"},
    });
};

template <>
struct Words<Identity> {
    static constexpr auto table = std::to_array<Word<Identity>>({
        {Identity::Unverified, "unverified"},
        {Identity::Verified, "verified"},
        {Identity::Changed, "changed"},
    });
};

} // namespace

template <typename E>
requires std::is_enum_v<E> std::string_view name_of(E value) {
    for (const auto& [each, word] : Words<E>::table)
        if (each == value) return word;
    return "unknown";
}

template <typename E>
requires std::is_enum_v<E> std::optional<E> from_name(std::string_view word) {
    for (const auto& [each, text] : Words<E>::table)
        if (text == word) return each;
    return std::nullopt;
}

#define MPAPI_NAMES_OF(E)                                                                          \
    template std::string_view name_of(E);                                                          \
    template std::optional<E> from_name(std::string_view);
MPAPI_NAMES_OF(ObjectType)
MPAPI_NAMES_OF(Source)
MPAPI_NAMES_OF(Transport)
MPAPI_NAMES_OF(PathState)
MPAPI_NAMES_OF(AccessState)
MPAPI_NAMES_OF(NameType)
MPAPI_NAMES_OF(SettingSupport)
MPAPI_NAMES_OF(Switch)
MPAPI_NAMES_OF(Queueing)
MPAPI_NAMES_OF(DeviceState)
MPAPI_NAMES_OF(Identity)
#undef MPAPI_NAMES_OF

} // namespace mpapi::model
