// SPDX-License-Identifier: LGPL-2.1-or-later
//
// REPORT TARGET PORT GROUPS data and SET TARGET PORT GROUPS lists: what was read is built to bytes
// that read the same.
#include "common/scsi/target_port_groups.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    if (const auto groups = parse_target_port_groups(bytes)) {
        const auto built = build_target_port_groups(*groups);
        if (!built || target_port_groups_length(*built) != built->size()) std::abort();
        const auto again = parse_target_port_groups(*built);
        if (!again || !(*again == *groups)) std::abort();
    }
    if (const auto list = parse_set_target_port_groups(bytes)) {
        const auto again = parse_set_target_port_groups(build_set_target_port_groups(*list));
        if (!again || !(*again == *list)) std::abort();
    }
    return 0;
}
