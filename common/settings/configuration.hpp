// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The configuration of a program: one TOML file that people write, taken as a whole or refused. The
// program names its keys, beside the type that holds their values:
//
//     struct Config { … };                                    // as is when nothing is set
//     void read_keys(settings::Section root, Config& config); // found by the type
//
//     const auto config = settings::load<Config>({"/etc/mpapi/istd.toml"});
//
// A daemon whose configuration cannot be used ends with EX_CONFIG (sysexits.h). Its unit has it in
// RestartPreventExitStatus=: until somebody mends the file, a new start finds the same mistake.
#pragma once

#include "common/result.hpp"
#include "common/settings/document.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace mpapi::settings {

struct File {
    std::string path;
    bool named = false; // by whoever called; only the usual file may be missing
};

using Keys = std::function<void(Section root)>;

// Fail with the first mistake; `keys` may have been called by then, and is not where the usual file
// is missing.
Status read_text(std::string_view text, const std::string& name, const Keys& keys);
Status read_file(const File& file, const Keys& keys);

// `name` is the file's name for messages; errors name file and line and what was expected there.
template <typename Config>
Result<Config> parse(std::string_view text, const std::string& name) {
    Config config;
    const Status read = read_text(text, name, [&](Section root) { read_keys(root, config); });
    if (!read) return read.error();
    return config;
}

// The defaults where the usual file is missing.
template <typename Config>
Result<Config> load(const File& file) {
    Config config;
    const Status read = read_file(file, [&](Section root) { read_keys(root, config); });
    if (!read) return read.error();
    return config;
}

} // namespace mpapi::settings
