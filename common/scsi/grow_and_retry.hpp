// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How much a device has to say is known only from what it says: ask with a modest allocation
// length, look at the header, ask again with what it needs. Bounded, for both the need and its
// growing while we ask come from the device.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/text.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpapi::scsi {

struct AllocationLimits {
    std::size_t first = 252;
    std::size_t most = 65535; // what the CDB's field holds, or 1 MiB where it holds more
};

constexpr std::size_t largest_reply = std::size_t{1} << 20;
constexpr int most_rounds = 4;

// `execute(allocation_length)` sends the command and yields what was received: a Result of a vector
// not longer than that. `needed(bytes)` is one of the *_length() functions of this folder.
//
// Yields the first reply that is whole, or that is not but left room unused: asking again would
// bring no more, and the parser will say that the lengths disagree. Fails with the error of
// `execute`, when more than `limits.most` is needed, and when the reply still grows after four
// rounds.
template <typename Execute, typename Needed>
Result<std::vector<std::uint8_t>> grow_and_retry(AllocationLimits limits, Execute&& execute,
                                                 Needed&& needed) {
    std::size_t allocation = limits.first;
    for (int round = 0; round < most_rounds; ++round) {
        Result<std::vector<std::uint8_t>> reply = execute(allocation);
        if (!reply) return reply;
        const std::size_t need = needed(Bytes(*reply));
        if (need <= reply->size() || reply->size() < allocation) return reply;
        if (need > limits.most)
            return Error{"read from the device", "",
                         "the reply would have " + byte_count(need) + ", " +
                             std::to_string(limits.most) + " are allowed"};
        allocation = need;
    }
    return Error{"read from the device", "",
                 "the reply still grew after " + std::to_string(most_rounds) + " rounds"};
}

} // namespace mpapi::scsi
