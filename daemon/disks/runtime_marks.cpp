// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/runtime_marks.hpp"

#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace mpapi::disks {

namespace {

constexpr std::size_t kLargestMark = 4096;
constexpr std::size_t kMostMarks = 65536;

} // namespace

Status RuntimeMarks::set(const std::string& name, const std::string& text) {
    if (folder_.empty()) {
        memory_[name] = text;
        return Done{};
    }
    if (::mkdir(folder_.c_str(), 0755) < 0 && errno != EEXIST)
        return Error{"make", folder_, "", errno};
    return replace_file(folder_ + "/" + name, text, 0644); // no secret
}

Status RuntimeMarks::clear(const std::string& name) {
    if (folder_.empty()) {
        memory_.erase(name);
        return Done{};
    }
    std::error_code error;
    if (!std::filesystem::exists(folder_, error) && !error) return Done{}; // never was one set
    return remove_file(folder_ + "/" + name);
}

std::map<std::string, std::string> RuntimeMarks::all() const {
    if (folder_.empty()) return memory_;
    std::map<std::string, std::string> marks;
    std::error_code error;
    for (std::filesystem::directory_iterator each(folder_, error), end;
         !error && each != end && marks.size() < kMostMarks; each.increment(error)) {
        const std::string name = each->path().filename();
        if (name.starts_with(".")) continue;
        if (auto text = read_file(each->path(), kLargestMark)) marks[name] = std::move(*text);
    }
    return marks;
}

} // namespace mpapi::disks
