// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ipfailoverd and mpapi-firewall say to each other: what is read of a question is said the
// same way, and an answer is read for as many packets as were asked about, or not at all.
#include "common/text/printable.hpp"
#include "failover/firewall/packet.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::failover::firewall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto packets = read_question(text)) {
        const auto again = read_question(question(*packets));
        if (!again || *again != *packets) std::abort();
    }
    for (const std::size_t packets : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
        const auto judgements = read_answer(text, packets);
        if (!judgements) continue;
        if (judgements->size() != packets) std::abort();
        for (const Judgement& each : *judgements)
            if (printable(each.reason) != each.reason) std::abort();
    }
    return 0;
}
