// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sense data of either format: what was read is built to bytes that read the same, and has a text.
#include "common/scsi/sense.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto sense = parse_sense(Bytes(data, size));
    if (!sense) return 0;
    if (sense_text(*sense).empty()) std::abort();
    const auto again = parse_sense(build_sense(*sense));
    if (!again || !(*again == *sense)) std::abort();
    return 0;
}
