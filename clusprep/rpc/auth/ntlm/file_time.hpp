// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace mpapi::rpc::ntlm {

// FILETIME (MS-DTYP 2.3.3): 100 ns since 1601, 11644473600 s before 1970.
inline std::uint64_t file_time(std::chrono::system_clock::time_point when) {
    const auto nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
    return static_cast<std::uint64_t>(nanoseconds / 100 + 116444736000000000);
}

} // namespace mpapi::rpc::ntlm
