// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/change_methods.hpp"

#include "daemon/publish/actions.hpp"
#include "daemon/publish/view.hpp"

#include <systemd/sd-bus.h>

#include <array>

namespace mpapi::publish {

namespace {

using Read = int (*)(sd_bus_message*, ChangeAsked&);

template <typename Request>
int read_nothing(sd_bus_message*, ChangeAsked& to) {
    to = Request{};
    return 0;
}

template <typename Request>
int read_request(sd_bus_message*, ChangeAsked& to) {
    to = paths::Request(Request{});
    return 0;
}

template <typename Request>
int read_flag(sd_bus_message* call, ChangeAsked& to) {
    int value = 0;
    const int r = sd_bus_message_read(call, "b", &value);
    if (r >= 0) to = paths::Request(Request{value != 0});
    return r;
}

template <typename Request>
int read_number(sd_bus_message* call, ChangeAsked& to) {
    std::uint32_t value = 0;
    const int r = sd_bus_message_read(call, "u", &value);
    if (r >= 0) to = paths::Request(Request{value});
    return r;
}

int read_path(sd_bus_message* call, ChangeAsked& to) {
    const char* path = nullptr;
    const int r = sd_bus_message_read(call, "o", &path);
    if (r >= 0) to = OverrideWith{path};
    return r;
}

int read_states(sd_bus_message* call, ChangeAsked& to) {
    SetAccess wanted;
    int r = sd_bus_message_enter_container(call, 'a', "(os)");
    const char* group = nullptr;
    const char* state = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(call, "(os)", &group, &state)) > 0)
        wanted.states.emplace_back(group, state);
    if (r >= 0) r = sd_bus_message_exit_container(call);
    if (r >= 0) to = std::move(wanted);
    return r;
}

int read_properties(sd_bus_message* call, ChangeAsked& to) {
    paths::SetProperties wanted;
    int r = sd_bus_message_enter_container(call, 'a', "{ss}");
    const char* name = nullptr;
    const char* value = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(call, "{ss}", &name, &value)) > 0)
        wanted.values[name] = value;
    if (r >= 0) r = sd_bus_message_exit_container(call);
    if (r >= 0) to = paths::Request(std::move(wanted));
    return r;
}

constexpr ChangeMethod flag(const char* name, const char* names, Read read) {
    return {name, "ba{sv}", "", names, action::kManageSettings, read};
}
constexpr ChangeMethod number(const char* name, const char* names, const char* action, Read read) {
    return {name, "ua{sv}", "", names, action, read};
}

constexpr char kOn[] = SD_BUS_PARAM(on) SD_BUS_PARAM(options);
constexpr char kSeconds[] = SD_BUS_PARAM(seconds) SD_BUS_PARAM(options);
constexpr char kType[] = SD_BUS_PARAM(type) SD_BUS_PARAM(options);
constexpr char kOptions[] = SD_BUS_PARAM(options);

constexpr ChangeMethod kSetProperties{
    "SetProprietaryProperties", "a{ss}a{sv}",   "", SD_BUS_PARAM(properties) SD_BUS_PARAM(options),
    action::kManageSettings,    read_properties};

constexpr auto kPluginMethods = std::to_array<ChangeMethod>({
    number("SetLoadBalanceType", kType, action::kManageSettings,
           read_number<paths::SetLoadBalanceType>),
    flag("SetAutoFailback", kOn, read_flag<paths::SetAutoFailback>),
    number("SetFailbackPollingRate", kSeconds, action::kManageSettings,
           read_number<paths::SetFailbackRate>),
    flag("SetAutoProbing", kOn, read_flag<paths::SetAutoProbing>),
    number("SetProbingPollingRate", kSeconds, action::kManageSettings,
           read_number<paths::SetProbingRate>),
    kSetProperties,
});

constexpr auto kUnitMethods = std::to_array<ChangeMethod>({
    {"SetOverridePath", "oa{sv}", "", SD_BUS_PARAM(path) SD_BUS_PARAM(options),
     action::kManagePaths, read_path},
    {"CancelOverridePath", "a{sv}", "", kOptions, action::kManagePaths,
     read_request<paths::CancelOverridePath>},
    {"SetAccessStates", "a(os)a{sv}", "", SD_BUS_PARAM(states) SD_BUS_PARAM(options),
     action::kManageGroups, read_states},
    number("SetLoadBalanceType", kType, action::kManageSettings,
           read_number<paths::SetLoadBalanceType>),
    flag("SetAutoFailback", kOn, read_flag<paths::SetAutoFailback>),
    number("SetFailbackPollingRate", kSeconds, action::kManageSettings,
           read_number<paths::SetFailbackRate>),
    flag("SetAutoProbing", kOn, read_flag<paths::SetAutoProbing>),
    number("SetProbingPollingRate", kSeconds, action::kManageSettings,
           read_number<paths::SetProbingRate>),
    kSetProperties,
    {"Remove", "a{sv}", "o", SD_BUS_PARAM(options) SD_BUS_PARAM(job), action::kRemove,
     read_nothing<Remove>},
});

constexpr auto kPathMethods = std::to_array<ChangeMethod>({
    {"Enable", "a{sv}", "", kOptions, action::kManagePaths, read_request<paths::EnablePath>},
    {"Disable", "a{sv}", "", kOptions, action::kManagePaths, read_request<paths::DisablePath>},
    number("SetWeight", SD_BUS_PARAM(weight) SD_BUS_PARAM(options), action::kManagePaths,
           read_number<paths::SetWeight>),
});

constexpr auto kLoadBalanceMethods = std::to_array<ChangeMethod>({kSetProperties});

} // namespace

template <typename T>
std::span<const ChangeMethod> change_methods() {
    return {};
}
template <>
std::span<const ChangeMethod> change_methods<model::Plugin>() {
    return kPluginMethods;
}
template <>
std::span<const ChangeMethod> change_methods<model::LogicalUnit>() {
    return kUnitMethods;
}
template <>
std::span<const ChangeMethod> change_methods<model::Path>() {
    return kPathMethods;
}
template <>
std::span<const ChangeMethod> change_methods<model::LoadBalance>() {
    return kLoadBalanceMethods;
}

template std::span<const ChangeMethod> change_methods<model::Manager>();
template std::span<const ChangeMethod> change_methods<model::InitiatorPort>();
template std::span<const ChangeMethod> change_methods<model::TargetPort>();
template std::span<const ChangeMethod> change_methods<model::DeviceProduct>();
template std::span<const ChangeMethod> change_methods<model::TargetPortGroup>();
template std::span<const ChangeMethod> change_methods<model::Disk>();

} // namespace mpapi::publish
