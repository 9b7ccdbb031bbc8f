// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/host/block_storage.hpp"

#include "common/system/read_file.hpp"

#include <filesystem>
#include <system_error>

namespace mpapi::discovery {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096; // of configfs, at most

// Until one of the directory's entries is what is looked for.
template <typename Is>
bool any_below(const fs::path& folder, const Is& is) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (is(*at)) return true;
    return false;
}

bool is_enabled(const fs::directory_entry& group) {
    if (!group.path().filename().string().starts_with("tpgt_")) return false;
    const auto text = read_file((group.path() / "enable").string(), kPage);
    return text && text->starts_with('1');
}

} // namespace

bool has_enabled_target(const std::string& folder) {
    return any_below(folder, [](const fs::directory_entry& target) {
        return any_below(target.path(),
                         is_enabled); // its other entries are files, or groups of none
    });
}

bool BlockStorage::served() {
    const Time now = now_();
    if (!looked_ || now - *looked_ >= kHolds) {
        found_ = has_enabled_target(folder_);
        looked_ = now;
    }
    return found_;
}

} // namespace mpapi::discovery
