// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Both messages of MS-ISTD. A name that is taken is one that can be sent.
#include "discovery/wire/messages.hpp"

#include <cstdlib>

using namespace mpapi::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const OctetView message(data, size);
    if (const auto read = read_question(message); read.flaw == Flaw::None) {
        const auto made = make_question(read.name);
        if (!made || read_question(*made).name != read.name) std::abort();
    }
    if (const auto read = read_answer(message); read.flaw == Flaw::None) {
        const auto made = make_answer(read.name);
        if (!made || read_answer(*made).name != read.name) std::abort();
    }
    return 0;
}
