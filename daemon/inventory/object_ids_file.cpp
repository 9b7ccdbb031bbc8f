// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids_file.hpp"

#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"

#include <fcntl.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>

namespace mpapi::daemon {

namespace {

constexpr std::string_view kHeader = "mpapi-objects 1\n";
constexpr const char* kName = "objects";
constexpr const char* kNewName = "objects.new";
constexpr std::size_t kFileLimit = std::size_t{512} << 20; // a larger one is not ours
constexpr std::size_t kMostReservations = 1000;            // beyond which it is written anew

std::string check(std::string_view text) {
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
    char hex[9];
    std::snprintf(hex, sizeof hex, "%08lx", sum);
    return hex;
}

// Keys come from devices and administrators: a line must stay a line.
std::string escape(std::string_view key) {
    std::string text;
    text.reserve(key.size());
    for (const char c : key) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte != '%' && byte != 0x7f) {
            text += c;
            continue;
        }
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02x", byte);
        text += hex;
    }
    return text;
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base = 10) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string key;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            key += text[i];
            continue;
        }
        const auto byte = number<unsigned>(text.substr(i + 1, 2), 16);
        if (text.size() - i < 3 || !byte) return std::nullopt;
        key += static_cast<char>(*byte);
        i += 2;
    }
    return key;
}

std::string_view next_word(std::string_view& line) {
    const auto blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    line.remove_prefix(std::min(blank + 1, line.size()));
    return word;
}

// Whether the line is one that could have been written; takes what it says.
bool take_line(std::string_view line, ObjectIdsFile::Content& content) {
    std::string_view rest = line;
    const std::string_view first = next_word(rest);
    const std::string_view second = next_word(rest);
    const auto sequence = number<model::Sequence>(second);
    const std::string front = std::string(first) + " " + std::string(second) + " ";
    constexpr auto highest = model::Sequence(1) << 62;
    if (!sequence || *sequence == 0 || *sequence > highest) return false;
    const std::string_view sum = next_word(rest);
    if (first == "reserve") {
        if (sum != check(front)) return false;
        content.reserved = std::max(content.reserved, *sequence);
        return true;
    }
    const auto type = number<std::size_t>(first);
    auto key = unescape(rest);
    if (!type || *type >= ObjectIdsFile::kTypes || !key || key->size() > ObjectIdsFile::kKeyLimit ||
        sum != check(front + std::string(rest)))
        return false;
    content.records.push_back({*type, *sequence, 0, std::move(*key)});
    return true;
}

} // namespace

std::string ObjectIdsFile::record_line(std::size_t type, model::Sequence sequence,
                                       std::string_view key) {
    const std::string front = std::to_string(type) + " " + std::to_string(sequence) + " ";
    const std::string back = escape(key);
    return front + check(front + back) + " " + back + "\n";
}

std::string ObjectIdsFile::reserve_line(model::Sequence upto) {
    const std::string front = "reserve " + std::to_string(upto) + " ";
    return front + check(front) + "\n";
}

Result<ObjectIdsFile::Content> ObjectIdsFile::read() {
    const Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return Error{"open state directory", directory_, "", errno};
    const Fd old(::openat(directory.get(), kName, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!old && errno != ENOENT) return Error{"open", path(kName), "", errno};
    Content content;
    if (!old) return content;

    bool damaged = false;
    const auto text = read_file(old.get(), path(kName), kFileLimit);
    if (!text) {
        damaged = true;
        content.notices.push_back(text.error().message());
    } else if (text->empty()) {
        return content;
    } else if (!text->starts_with(kHeader)) {
        damaged = true;
        content.notices.push_back(path(kName) + ": does not begin with \"mpapi-objects 1\"");
    } else {
        std::string_view rest = *text;
        rest.remove_prefix(kHeader.size());
        std::size_t lines = 0;
        while (!rest.empty()) {
            ++lines;
            const auto end = rest.find('\n');
            if (end == rest.npos) break; // torn by the end of the writer: never shown to anybody
            if (!take_line(rest.substr(0, end), content) && !std::exchange(damaged, true))
                content.notices.push_back(path(kName) + ":" + std::to_string(lines + 1) +
                                          ": is not what was written");
            rest.remove_prefix(end + 1);
        }
        content.whole =
            !damaged && text->ends_with('\n') && lines < content.records.size() + kMostReservations;
    }
    if (damaged) {
        const std::string aside =
            std::string(kName) + ".damaged-" + std::to_string(std::time(nullptr));
        if (::renameat(directory.get(), kName, directory.get(), aside.c_str()) < 0)
            return Error{"set aside", path(kName), "", errno};
        content.notices.push_back("the damaged " + path(kName) + " was set aside as " +
                                  path(aside.c_str()));
        // Numbers of the lost records must not be given again; how many there were is not known.
        constexpr model::Sequence safe_distance = model::Sequence(1) << 32;
        for (const ObjectIdsRecord& record : content.records)
            content.reserved = std::max(content.reserved, record.sequence + 1);
        content.reserved = (content.reserved / safe_distance + 1) * safe_distance;
    }
    return content;
}

Status ObjectIdsFile::append(std::string_view lines, bool durable) {
    if (!file_) {
        file_.reset(::open(path(kName).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
        if (!file_) return Error{"open", path(kName), "", errno};
    }
    if (auto written = write_all(file_.get(), lines, path(kName)); !written) return written;
    if (durable && ::fdatasync(file_.get()) < 0) return Error{"flush", path(kName), "", errno};
    return Done{};
}

Status ObjectIdsFile::replace(std::vector<ObjectIdsRecord> records, model::Sequence reserved) {
    const Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return Error{"open state directory", directory_, "", errno};
    if (::unlinkat(directory.get(), kNewName, 0) < 0 && errno != ENOENT)
        return Error{"remove", path(kNewName), "", errno};
    Fd file(::openat(directory.get(), kNewName,
                     O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return Error{"create", path(kNewName), "", errno};

    std::sort(records.begin(), records.end(),
              [](const ObjectIdsRecord& one, const ObjectIdsRecord& other) {
                  return std::pair(one.last_seen, one.sequence) <
                         std::pair(other.last_seen, other.sequence);
              });
    std::string text(kHeader);
    text += reserve_line(reserved);
    for (const ObjectIdsRecord& record : records)
        text += record_line(record.type, record.sequence, record.key);
    if (auto written = write_all(file.get(), text, path(kNewName)); !written) return written;
    if (::fsync(file.get()) < 0) return Error{"flush", path(kNewName), "", errno};
    if (::renameat(directory.get(), kNewName, directory.get(), kName) < 0)
        return Error{"rename", path(kNewName), "", errno};
    if (::fsync(directory.get()) < 0) return Error{"flush", directory_, "", errno};
    file_ = std::move(file);
    return Done{};
}

} // namespace mpapi::daemon
