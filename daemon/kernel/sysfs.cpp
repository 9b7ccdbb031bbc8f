// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/sysfs.hpp"

#include "common/system/handle.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>

namespace mpapi::kernel {
namespace {

// An attribute of sysfs is one page at most.
constexpr std::size_t attribute_limit = 4096;

std::optional<std::size_t> read_all(const std::string& path, std::uint8_t* data,
                                    std::size_t limit) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return std::nullopt;
    std::size_t filled = 0;
    while (filled < limit) {
        const auto count = ::read(file.get(), data + filled, limit - filled);
        if (count < 0) {
            if (errno == EINTR) continue;
            return std::nullopt;
        }
        const auto wanted = limit - filled;
        filled += static_cast<std::size_t>(count);
        // sysfs gives an attribute in one piece: less than asked for is all there is.
        if (static_cast<std::size_t>(count) < wanted) break;
    }
    return filled;
}

} // namespace

Sysfs::Sysfs(std::string root)
  : root_(std::move(root)) {}

std::string Sysfs::absolute(std::string_view path) const {
    std::string result;
    result.reserve(root_.size() + 1 + path.size());
    return result.append(root_).append("/").append(path);
}

std::optional<std::string> Sysfs::text(std::string_view path) const {
    std::array<std::uint8_t, attribute_limit> page{};
    const auto size = read_all(absolute(path), page.data(), page.size());
    if (!size) return std::nullopt;
    std::string_view content(reinterpret_cast<const char*>(page.data()), *size);
    constexpr std::string_view white(" \t\r\n\0", 5);
    const auto begin = content.find_first_not_of(white);
    if (begin == std::string_view::npos) return std::string();
    return std::string(content.substr(begin, content.find_last_not_of(white) + 1 - begin));
}

std::optional<std::vector<std::uint8_t>> Sysfs::bytes(std::string_view path,
                                                      std::size_t limit) const {
    std::vector<std::uint8_t> content(limit);
    const auto size = read_all(absolute(path), content.data(), limit);
    if (!size) return std::nullopt;
    content.resize(*size);
    content.shrink_to_fit();
    return content;
}

std::optional<std::uint64_t> Sysfs::number(std::string_view path) const {
    const auto content = text(path);
    if (!content) return std::nullopt;
    std::uint64_t value = 0;
    const auto* end = content->data() + content->size();
    const auto parsed = std::from_chars(content->data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return value;
}

std::vector<std::string> Sysfs::entries(std::string_view path) const {
    std::vector<std::string> names;
    struct Close {
        void operator()(DIR* folder) const noexcept { ::closedir(folder); }
    };
    const std::unique_ptr<DIR, Close> folder(::opendir(absolute(path).c_str()));
    if (!folder) return names;
    while (const auto* entry = ::readdir(folder.get())) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool Sysfs::exists(std::string_view path) const {
    return ::access(absolute(path).c_str(), F_OK) == 0;
}

std::optional<std::string> Sysfs::link(std::string_view path) const {
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlink(absolute(path).c_str(), target.data(), target.size());
    if (size <= 0 || static_cast<std::size_t>(size) >= target.size()) return std::nullopt;
    std::string_view rest(target.data(), static_cast<std::size_t>(size));
    // Where the link stands, one level up for each "../".
    std::string_view base = path.substr(0, path.find_last_of('/') + 1);
    while (rest.substr(0, 3) == "../") {
        rest.remove_prefix(3);
        if (base.empty()) return std::nullopt;
        base.remove_suffix(1);
        base = base.substr(0, base.find_last_of('/') + 1);
    }
    if (rest.empty() || rest.front() == '/') return std::nullopt;
    return std::string(base).append(rest);
}

} // namespace mpapi::kernel
