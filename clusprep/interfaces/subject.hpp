// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a call is about, for the log: "disk 3, partition 0, file \\dir\\file". Never what it
// carries.
#pragma once

#include "clusprep/interfaces/disk_id.hpp"

#include <string>

namespace mpapi::csvp {

std::string text_of(const DiskId& disk);
std::string file_text(std::uint32_t partition, const std::u16string& name);

// By the parameters that methods have in common.
template <typename In>
std::string subject_of(const In& in) {
    std::string text;
    if constexpr (requires { in.disk; }) text = text_of(in.disk);
    if constexpr (requires { in.device_number; })
        text = text_of(DiskId::of_number(in.device_number));
    if constexpr (requires { in.sector; }) text += ", sector " + std::to_string(in.sector);
    if constexpr (requires { in.file_name; }) text += file_text(in.partition, in.file_name);
    return text;
}

} // namespace mpapi::csvp
