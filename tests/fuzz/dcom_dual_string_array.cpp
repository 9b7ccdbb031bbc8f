// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Dual string arrays as their entries, behind a first number that says where the second half
// begins: what was read is written to entries that read the same, and every address is looked at.
#include "clusprep/dcom/dual_string_array.hpp"

#include <cstdlib>
#include <vector>

using namespace mpapi::dcom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint16_t> numbers;
    for (std::size_t i = 0; i + 1 < size && numbers.size() < 0x8000; i += 2)
        numbers.push_back(static_cast<std::uint16_t>(data[i] | data[i + 1] << 8));
    if (numbers.empty()) return 0;
    const auto bindings =
        from_entries(std::span<const std::uint16_t>(numbers).subspan(1), numbers[0]);
    if (!bindings) return 0;
    for (const auto& binding : bindings->strings) {
        const auto endpoint = endpoint_of(binding.address);
        if (endpoint && endpoint->host.empty()) std::abort();
    }
    const auto entries = to_entries(*bindings);
    const auto again = from_entries(entries.entries, entries.security_offset);
    if (!again || !(*again == *bindings)) std::abort();
    return 0;
}
