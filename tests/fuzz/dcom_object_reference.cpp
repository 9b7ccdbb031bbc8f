// SPDX-License-Identifier: LGPL-2.1-or-later
//
// OBJREFs: what was read is built to bytes that read the same.
#include "clusprep/dcom/object_reference.hpp"

#include <cstdlib>

using namespace mpapi::dcom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto reference = parse_object_reference({data, size});
    if (!reference) return 0;
    const auto again = parse_object_reference(build_object_reference(*reference));
    if (!again || !(*again == *reference)) std::abort();
    return 0;
}
