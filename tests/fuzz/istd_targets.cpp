// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What iscsiadm prints of what a server told it. What is shown of it controls no terminal, and is
// JSON.
#include "discovery/client/found.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view output(reinterpret_cast<const char*>(data), size);
    Found found;
    found.targets = targets_in(output);
    found.trouble = output;
    const std::string text = as_text(found);
    if (std::any_of(text.begin(), text.end(), [](char c) { return c == '\x1b' || c == '\r'; }))
        std::abort();
    if (as_json({found}, true).empty()) std::abort();
    return 0;
}
