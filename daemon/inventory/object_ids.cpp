// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids.hpp"

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
constexpr model::Sequence kReserveAhead = 4096;
constexpr std::chrono::minutes kAgain{1};                  // after a failure
constexpr std::size_t kKeyLimit = 1024;                    // bytes; what a key of ours can reach
constexpr std::size_t kFileLimit = std::size_t{512} << 20; // a larger one is not ours

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

std::string record_line(std::size_t type, model::Sequence sequence, std::string_view key) {
    const std::string front = std::to_string(type) + " " + std::to_string(sequence) + " ";
    const std::string back = escape(key);
    return front + check(front + back) + " " + back + "\n";
}

std::string reserve_line(model::Sequence upto) {
    const std::string front = "reserve " + std::to_string(upto) + " ";
    return front + check(front) + "\n";
}

} // namespace

Result<ObjectIds> ObjectIds::open(const std::string& directory, std::size_t gone_kept) {
    ObjectIds ids(gone_kept);
    ids.directory_ = directory;
    const Fd handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle) return Error{"open state directory", directory, "", errno};
    if (auto read = ids.read(handle.get()); !read) return read.error();
    return ids;
}

Status ObjectIds::read(int directory) {
    const std::string path = directory_ + "/" + kName;
    const Fd old(::openat(directory, kName, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!old && errno != ENOENT) return Error{"open", path, "", errno};

    bool damaged = false;
    bool whole = false; // nothing to mend: go on at its end
    if (old) {
        auto text = read_file(old.get(), path, kFileLimit);
        std::string_view rest;
        if (!text) {
            damaged = true;
            notices_.push_back(text.error().message());
        } else {
            rest = *text;
            if (rest.starts_with(kHeader)) {
                rest.remove_prefix(kHeader.size());
            } else if (!rest.empty()) {
                damaged = true;
                notices_.push_back(path + ": does not begin with \"mpapi-objects 1\"");
                rest = {};
            }
        }
        whole = text && text->starts_with(kHeader) && text->ends_with('\n');
        std::size_t line_number = 1;
        while (!rest.empty()) {
            ++line_number;
            const auto end = rest.find('\n');
            if (end == rest.npos) break; // torn by the end of the writer: never shown to anybody
            const bool before = damaged;
            take_line(rest.substr(0, end), damaged);
            if (damaged && !before)
                notices_.push_back(path + ":" + std::to_string(line_number) +
                                   ": is not what was written");
            rest.remove_prefix(end + 1);
        }
    }
    next_ = std::max(next_, reserved_);

    if (damaged) {
        const std::string aside =
            std::string(kName) + ".damaged-" + std::to_string(std::time(nullptr));
        if (::renameat(directory, kName, directory, aside.c_str()) < 0)
            return Error{"set aside", path, "", errno};
        notices_.push_back("the damaged " + path + " was set aside as " + directory_ + "/" + aside);
        // Numbers of the lost records must not be given again; how many there were is not known.
        constexpr model::Sequence safe_distance = model::Sequence(1) << 32;
        next_ = ((next_ / safe_distance) + 1) * safe_distance;
        reserved_ = next_;
    }
    Status writable = Done{};
    if (damaged || !whole) {
        writable = rewrite();
    } else {
        file_.reset(::openat(directory, kName, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
        if (!file_) writable = Error{"open", path, "", errno};
    }
    // A full or read-only disk is no reason to leave the administrator alone.
    if (!writable) {
        notices_.push_back(writable.error().message() +
                           "; object numbers are kept in memory until it can be written");
        again_at_.emplace();
    }
    return Done{};
}

// Any line that does not check out is left out and marks the file as damaged.
void ObjectIds::take_line(std::string_view line, bool& damaged) {
    std::string_view rest = line;
    const std::string_view first = next_word(rest);
    const std::string_view second = next_word(rest);
    const auto sequence = number<model::Sequence>(second);
    const std::string front = std::string(first) + " " + std::string(second) + " ";
    constexpr auto highest = model::Sequence(1) << 62;
    if (!sequence || *sequence == 0 || *sequence > highest) {
        damaged = true;
        return;
    }
    const std::string_view sum = next_word(rest);
    if (first == "reserve") {
        if (sum != check(front))
            damaged = true;
        else
            reserved_ = std::max(reserved_, *sequence);
        return;
    }
    const auto type = number<std::size_t>(first);
    const auto key = unescape(rest);
    if (!type || *type >= kTypes || !key || key->size() > kKeyLimit ||
        sum != check(front + std::string(rest))) {
        damaged = true;
        return;
    }
    size_ += records_[*type].insert_or_assign(*key, Record{*sequence, ++turns_}).second;
    next_ = std::max(next_, *sequence + 1);
}

model::Sequence ObjectIds::id(model::ObjectType type, std::string_view key) {
    const auto index = static_cast<std::size_t>(type);
    Records& records = records_[index];
    key = key.substr(0, kKeyLimit);
    if (auto known = records.find(key); known != records.end()) {
        known->second.last_seen = turns_;
        return known->second.sequence;
    }
    const model::Sequence sequence = next_++;
    records.emplace(std::string(key), Record{sequence, ++turns_});
    ++size_;
    if (file_) unsaved_ += record_line(index, sequence, key);
    return sequence;
}

Status ObjectIds::save(std::chrono::steady_clock::time_point now) {
    if (again_at_) {
        unsaved_.clear(); // the whole file has them too
        if (now >= *again_at_) again_at_ = rewrite() ? std::nullopt : std::optional(now + kAgain);
        return Done{};
    }
    if (unsaved_.empty()) return Done{};
    // After a power cut the tail may be missing, the reservation never is.
    const bool reserve = next_ > reserved_;
    if (reserve) {
        reserved_ = next_ + kReserveAhead;
        unsaved_ = reserve_line(reserved_) + unsaved_;
    }
    auto saved = append(unsaved_, reserve);
    unsaved_.clear();
    // A torn line may stand at its end: only a new file will do.
    if (!saved) again_at_ = now + kAgain;
    return saved;
}

Status ObjectIds::append(std::string_view text, bool durable) {
    const std::string path = directory_ + "/" + kName;
    if (auto written = write_all(file_.get(), text, path); !written) return written;
    if (durable && ::fdatasync(file_.get()) < 0) return Error{"flush", path, "", errno};
    return Done{};
}

Status ObjectIds::forget_gone(std::vector<model::Sequence> living) {
    std::sort(living.begin(), living.end());
    ++turns_;
    using Seen = std::pair<std::uint64_t, model::Sequence>;
    std::vector<Seen> gone;
    for (Records& records : records_)
        for (auto& [key, record] : records)
            if (std::binary_search(living.begin(), living.end(), record.sequence))
                record.last_seen = turns_;
            else
                gone.emplace_back(record.last_seen, record.sequence);
    const std::size_t kept = std::max(gone_kept_, living.size());
    const bool some = gone.size() > kept;
    if (some) {
        const auto first_kept = gone.end() - static_cast<std::ptrdiff_t>(kept);
        std::nth_element(gone.begin(), first_kept, gone.end());
        const Seen oldest_kept = *first_kept;
        for (Records& records : records_)
            size_ -= std::erase_if(records, [&](const auto& entry) {
                return Seen(entry.second.last_seen, entry.second.sequence) < oldest_kept;
            });
    }
    crowded_at_ = size_ + kept;
    if (!some || !file_ || again_at_) return Done{};
    unsaved_.clear();
    auto written = rewrite();
    // The old file goes on to be there, without the reservation that was to be in the new one.
    if (!written) again_at_.emplace();
    return written;
}

Status ObjectIds::rewrite() {
    const Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return Error{"open state directory", directory_, "", errno};
    const std::string path = directory_ + "/" + kNewName;
    if (::unlinkat(directory.get(), kNewName, 0) < 0 && errno != ENOENT)
        return Error{"remove", path, "", errno};
    Fd file(::openat(directory.get(), kNewName,
                     O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return Error{"create", path, "", errno};

    reserved_ = std::max(reserved_, next_ + kReserveAhead);
    std::string text(kHeader);
    text += reserve_line(reserved_);
    struct Line {
        std::size_t type;
        const Records::value_type* entry;
    };
    std::vector<Line> lines;
    lines.reserve(size_);
    for (std::size_t type = 0; type < kTypes; ++type)
        for (const auto& entry : records_[type])
            lines.push_back({type, &entry});
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        const Record& one = a.entry->second;
        const Record& other = b.entry->second;
        return std::pair(one.last_seen, one.sequence) < std::pair(other.last_seen, other.sequence);
    });
    for (const Line& line : lines)
        text += record_line(line.type, line.entry->second.sequence, line.entry->first);
    if (auto written = write_all(file.get(), text, path); !written) return written;
    if (::fsync(file.get()) < 0) return Error{"flush", path, "", errno};
    if (::renameat(directory.get(), kNewName, directory.get(), kName) < 0)
        return Error{"rename", path, "", errno};
    if (::fsync(directory.get()) < 0) return Error{"flush", directory_, "", errno};
    file_ = std::move(file);
    return Done{};
}

} // namespace mpapi::daemon
