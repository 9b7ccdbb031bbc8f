// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/records.hpp"

#include "common/bus/object_label.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <filesystem>
#include <system_error>

namespace mpapi::failover {

namespace {

constexpr std::size_t kLargest = 16 << 10;
constexpr char kSuffix[] = ".address";

} // namespace

std::string Records::path(const Wanted& wanted) const {
    return directory_ + "/" + bus::escape(wanted.key()) + kSuffix;
}

Result<Records::Found> Records::read() const {
    Found found;
    std::error_code code;
    std::filesystem::directory_iterator each(directory_, code);
    for (; !code && each != std::filesystem::directory_iterator(); each.increment(code)) {
        const std::string path = each->path();
        if (!path.ends_with(kSuffix)) continue;
        const auto text = read_file(path, kLargest);
        auto record = text ? parse_record(*text, path) : Result<Record>(text.error());
        if (record)
            found.records.push_back(*std::move(record));
        else
            found.errors.push_back(record.error());
    }
    if (code && code != std::errc::no_such_file_or_directory)
        return Error{"read", directory_, "", code.value()};
    return found;
}

Status Records::write(const Record& record) const {
    return replace_file(path(record.wanted), record_text(record), 0600);
}

Status Records::remove(const Wanted& wanted) const {
    return remove_file(path(wanted));
}

} // namespace mpapi::failover
