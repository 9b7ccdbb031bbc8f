// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Protocol towers: what was read is built to bytes that read the same.
#include "clusprep/dcom/tower.hpp"

#include <cstdlib>

using namespace mpapi::dcom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto tower = parse_tower({data, size});
    if (!tower) return 0;
    const auto again = parse_tower(build_tower(*tower));
    if (!again || !(*again == *tower)) std::abort();
    return 0;
}
