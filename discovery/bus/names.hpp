// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names on the bus; what they mean is in dbus/org.mpapi.Discovery1.xml.
#pragma once

namespace mpapi::discovery {

inline constexpr char kDiscoveryName[] = "org.mpapi.Discovery1"; // of the service and its interface
inline constexpr char kDiscoveryPath[] = "/org/mpapi/Discovery1";
inline constexpr char kJobInterface[] = "org.mpapi.Discovery1.Job";
inline constexpr char kDiscoverAction[] = "org.mpapi.discovery1.discover";

inline constexpr char kInvalidParameter[] = "org.mpapi.Discovery1.Error.InvalidParameter";
inline constexpr char kLimitsExceeded[] = "org.mpapi.Discovery1.Error.LimitsExceeded";
inline constexpr char kObjectNotFound[] = "org.mpapi.Discovery1.Error.ObjectNotFound";
inline constexpr char kSearchFailed[] = "org.mpapi.Discovery1.Error.Failed";

} // namespace mpapi::discovery
