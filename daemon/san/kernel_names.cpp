// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/kernel_names.hpp"

namespace mpapi::san {

std::string disk_name(std::uint32_t index) {
    char letters[8];
    std::size_t begin = sizeof letters;
    for (std::uint64_t rest = std::uint64_t{index} + 1; rest != 0; rest = (rest - 1) / 26)
        letters[--begin] = static_cast<char>('a' + (rest - 1) % 26);
    std::string name = "sd";
    name.append(letters + begin, sizeof letters - begin);
    return name;
}

std::optional<std::uint32_t> disk_index(std::string_view name) {
    if (!name.starts_with("sd") || name.size() < 3 || name.size() > 7) return std::nullopt;
    std::uint32_t rest = 0;
    for (const char c : name.substr(2)) {
        if (c < 'a' || c > 'z') return std::nullopt;
        rest = rest * 26 + static_cast<std::uint32_t>(c - 'a') + 1;
    }
    if (rest > 1u << 20) return std::nullopt;
    return rest - 1;
}

model::DeviceNumber disk_number(std::uint32_t index) {
    const std::uint32_t nth = (index & 0xf0) >> 4;
    const std::uint32_t major = nth == 0 ? 8 : nth < 8 ? 64 + nth : 120 + nth;
    return {major, (index & 0xf) << 4 | (index & 0xfff00)};
}

std::optional<std::uint32_t> disk_index(model::DeviceNumber number) {
    const auto [major, minor] = number;
    const bool spread = (major >= 65 && major <= 71) || (major >= 128 && major <= 135);
    if ((major != 8 && !spread) || minor > 0xfffff || (minor & 0xf) != 0) return std::nullopt;
    const std::uint32_t nth = major == 8 ? 0 : major < 128 ? major - 64 : major - 120;
    return (minor & 0xfff00) | nth << 4 | (minor & 0xf0) >> 4;
}

} // namespace mpapi::san
