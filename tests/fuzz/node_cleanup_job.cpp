// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The file of a cleanup that has to go on: what was read is written the same.
#include "clusprep/node/cleanup/job.hpp"

#include <cstdlib>

using namespace mpapi::node;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto job = parse_cleanup_job(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!job) return 0;
    const auto again = parse_cleanup_job(text(*job));
    if (!again || !(*again == *job)) std::abort();
    return 0;
}
