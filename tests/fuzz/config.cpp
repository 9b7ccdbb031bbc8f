// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapid.toml: whatever the text, a configuration within its ranges or a message of one line.
#include "daemon/config.hpp"
#include "common/settings/configuration.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = settings::parse<daemon::Config>(text, "fuzz.toml");
    if (!config) {
        const std::string message = config.error().message();
        const bool placed = message.starts_with("read fuzz.toml:");
        if (!placed || message.find('\n') != std::string::npos) std::abort();
        return 0;
    }
    if (config->commands.threads < 1 || config->commands.threads > 64) std::abort();
    if (config->refresh.shortest.count() < 1) std::abort();
    if (config->refresh.longest < config->refresh.shortest) std::abort();
    if (!config->state_directory.starts_with('/')) std::abort();
    return 0;
}
