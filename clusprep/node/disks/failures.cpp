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
    const std::string reason = text.empty() ? std::string(name) : std::string(text);
    return {code_for(member, name), Error{std::string(member), std::string(key), reason}};
}

} // namespace mpapi::node
