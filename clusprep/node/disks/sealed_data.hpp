// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mpapid hands over as a file in memory (org.mpapi.Multipath1.SharedDisk, RawReadFile). It is
// read, not mapped: the copy is needed in any case, and whatever becomes of the file, reading it
// ends in an error and not in a signal.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpapi::node {

// Up to `most` bytes behind the first `skip`; fewer, or none, where the file ends before. `fd`
// stays the caller's. Fails on what is no memfd or not sealed against writing and shrinking, so it
// never waits.
Result<std::vector<std::uint8_t>> read_sealed_data(int fd, std::size_t skip, std::size_t most);

} // namespace mpapi::node
