// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/config.hpp"

#include "failover/wanted.hpp"

namespace mpapi::failover {

void read_keys(settings::Section root, Config& config) {
    if (auto directory = root.text("state_directory")) {
        config.state_directory = *std::move(directory);
        if (!config.state_directory.starts_with('/'))
            root.complain("state_directory", "expected an absolute path");
    }
    if (const auto keep = root.choice<bool>("on_stop", {{"keep", true}, {"remove", false}}))
        config.keep_on_stop = *keep;
    if (const auto most = root.integer("addresses", 1, 65536))
        config.addresses = static_cast<std::size_t>(*most);
    if (auto defaults = root.section("defaults")) read_wish(*defaults, config.defaults);
    if (auto pace = root.section("pace")) {
        if (const auto frames = pace->integer("frames_per_second", 1, 1'000'000))
            config.rates.frames_per_second = static_cast<unsigned>(*frames);
        if (const auto burst = pace->integer("burst", 1, 65536))
            config.rates.burst = static_cast<unsigned>(*burst);
    }
}

} // namespace mpapi::failover
