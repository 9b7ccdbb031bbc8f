// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The workgroup, or the NetBIOS name of the domain, that Samba is configured for (smb.conf(5)).
// What the file includes is not followed. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mpapi::discovery {

inline constexpr std::string_view kUsualWorkgroup = "WORKGROUP";

// Empty where the file names none.
std::string workgroup_in(std::string_view smb_conf);

} // namespace mpapi::discovery
