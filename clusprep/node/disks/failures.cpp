// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/failures.hpp"

#include <string>
#include <utility>

namespace mpapi::node {

namespace {

using csvp::Hresult;

constexpr std::string_view kOurs = "org.mpapi.Multipath1.Error.";
constexpr std::string_view kBus = "org.freedesktop.DBus.Error.";

constexpr std::pair<std::string_view, Hresult> kOurErrors[] = {
    {"NotAllowed", Hresult::AccessDenied},
    {"ObjectNotFound", Hresult::DeviceGone},
    {"LimitsExceeded", Hresult::OutOfMemory},
    {"TimedOut", Hresult::SemaphoreTimeout},
    {"ReservationConflict", Hresult::Busy},
    {"Unsupported", Hresult::NotSupported},
    {"InvalidParameter", Hresult::InvalidParameter},
    {"NotScratch", Hresult::AccessDenied},
    {"NoScratchSectors", Hresult::NotSupported},
    {"NeededBySystem", Hresult::AccessDenied},
    {"NotPermitted", Hresult::WriteProtected},
    {"Busy", Hresult::Busy},
    {"TryAgain", Hresult::Busy},
    {"NotOnline", Hresult::InvalidState},
    {"NotOffline", Hresult::InvalidState},
    {"NotOwned", Hresult::InvalidState},
    {"OwnedByAnother", Hresult::Busy},
    {"FileNotFound", Hresult::FileNotFound},
    {"FileDiffers", Hresult::CrcMismatch},
    {"NoSpace", Hresult::DiskFull},
    {"FileSystemNotAllowed", Hresult::WrongDisk},
};

constexpr std::pair<std::string_view, Hresult> kBusErrors[] = {
    {"AccessDenied", Hresult::AccessDenied},
    {"InteractiveAuthorizationRequired", Hresult::AccessDenied},
    {"UnknownObject", Hresult::DeviceGone},
    {"UnknownMethod", Hresult::NotSupported},
    {"UnknownInterface", Hresult::NotSupported},
    {"UnknownProperty", Hresult::NotSupported},
    {"Timeout", Hresult::SemaphoreTimeout},
    {"NoReply", Hresult::SemaphoreTimeout},
    {"TimedOut", Hresult::SemaphoreTimeout},
    {"LimitsExceeded", Hresult::OutOfMemory},
};

template <std::size_t N>
Hresult look_up(const std::pair<std::string_view, Hresult> (&table)[N], std::string_view name) {
    for (const auto& [known, code] : table)
        if (known == name) return code;
    return Hresult::IoDevice;
}

// Both are of one source, and packages of one version go together: only a daemon that was not
// restarted yet does not know what the other calls.
bool is_not_known(std::string_view name) {
    return name == "org.freedesktop.DBus.Error.UnknownMethod" ||
           name == "org.freedesktop.DBus.Error.UnknownInterface" ||
           name == "org.freedesktop.DBus.Error.UnknownProperty";
}

Hresult code_for(std::string_view member, std::string_view name) {
    // Refused because the system uses the disk; only who wants to take it out of use hears of that
    // as something that may pass.
    if (name == "org.mpapi.Multipath1.Error.InUse")
        return member == "TakeOffline" ? Hresult::Busy : Hresult::AccessDenied;
    if (name.starts_with(kOurs)) return look_up(kOurErrors, name.substr(kOurs.size()));
    if (name.starts_with(kBus)) return look_up(kBusErrors, name.substr(kBus.size()));
    return Hresult::IoDevice;
}

} // namespace

csvp::Failure disk_failure(std::string_view member, std::string_view key, std::string_view name,
                           std::string_view text) {
    std::string reason = text.empty() ? std::string(name) : std::string(text);
    if (is_not_known(name))
        reason += " (the mpapid that runs is of another version: systemctl restart mpapid)";
    return {code_for(member, name), Error{std::string(member), std::string(key), reason}};
}

} // namespace mpapi::node
