// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files that say who this host is, each after a zero byte: a name never grows beyond what they
// have, and has no dot at its end.
#include "clusprep/node/host/identity.hpp"
#include "common/system/full_name.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::node;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::array<std::string_view, 4> parts;
    for (auto& part : parts) {
        part = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    const std::string name = full_name(parts[0], parts[1], parts[2]);
    if (name.size() > size + 1 || name.ends_with('.')) std::abort();
    (void)version_of_release(parts[3]);
    (void)version_of_kernel(parts[3]);
    return 0;
}
