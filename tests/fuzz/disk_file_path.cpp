// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whatever a caller writes for the name of a file, its components lead nowhere but down.
#include "daemon/disks/files/file_path.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::disks;
    const auto path = parse_file_path({reinterpret_cast<const char*>(data), size});
    if (!path) return 0;
    if (path->empty() || path->size() > kDeepestFile) std::abort();
    std::string again;
    for (const auto& name : *path) {
        if (name.empty() || name.size() > kLongestFileName || name == "." || name == "..")
            std::abort();
        if (name.find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos) std::abort();
        again += "\\" + name;
    }
    const auto same = parse_file_path(std::string_view(again).substr(1));
    if (!same || *same != *path) std::abort();
    return 0;
}
