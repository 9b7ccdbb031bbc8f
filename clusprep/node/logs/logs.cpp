// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/logs/logs.hpp"

#include "common/system/turn.hpp"
#include "common/system/write_all.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace mpapi::node {

namespace {

using csvp::Hresult;

constexpr int kEntriesATurn = 256;
constexpr std::size_t kBytesATurn = std::size_t{1} << 20;
constexpr std::string_view kMark = "-cluster-"; // between host and time
constexpr std::string_view kEnd = ".log";
constexpr std::size_t kTimeSize = 20; // of compact_time()

// The time in a name of ours, which orders as times do; empty for other names.
std::string_view time_in(std::string_view name) {
    if (!name.ends_with(kEnd)) return {};
    name.remove_suffix(kEnd.size());
    if (name.size() < kTimeSize + kMark.size()) return {};
    const std::string_view time = name.substr(name.size() - kTimeSize);
    if (!name.substr(0, name.size() - kTimeSize).ends_with(kMark)) return {};
    for (std::size_t i = 0; i < time.size(); ++i) {
        const char wanted = i == 8 ? 'T' : (i == 15 ? '.' : (i == 19 ? 'Z' : '0'));
        const bool digit = time[i] >= '0' && time[i] <= '9';
        if (wanted == '0' ? !digit : time[i] != wanted) return {};
    }
    return time;
}

// What a Windows file name may have (MS-FSCC 2.1.5.2), and a little less.
std::string file_name_part(std::string_view text) {
    std::string made;
    for (const char c : text)
        made +=
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '-';
    return made.empty() ? "node" : made;
}

} // namespace

std::vector<std::string> to_be_removed(std::vector<std::string> names, std::size_t keep,
                                       std::int64_t oldest) {
    std::erase_if(names, [](const std::string& name) { return time_in(name).empty(); });
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::pair(time_in(a), std::string_view(a)) >
               std::pair(time_in(b), std::string_view(b));
    });
    const std::string bound = compact_time(oldest);
    std::size_t kept = 0;
    std::erase_if(names,
                  [&](const std::string& name) { return time_in(name) >= bound && kept++ < keep; });
    return names;
}

struct NodeLogs::Work {
    std::unique_ptr<JournalReader> journal;
    std::int64_t newest = 0, oldest = 0; // of the span
    std::deque<std::string> lines;       // newest first
    std::size_t bytes = 0;
    bool cut = false;
    std::string name;
    Fd file; // beside its place until it is whole
};

NodeLogs::NodeLogs(sd_event* loop, Options options)
  : options_(std::move(options)) {
    sd_event_source* source = nullptr;
    if (add_turns(loop, &source, turn, this) >= 0) turns_.reset(source);
}

NodeLogs::~NodeLogs() = default;

void NodeLogs::gather(std::optional<std::chrono::minutes> span,
                      csvp::Completion<std::string> done) {
    if (!turns_) return done(csvp::Failure{Hresult::Failed, {"gather", "cluster log", "", ENOMEM}});
    if (calls_.size() >= options_.waiting)
        return done(
            csvp::Failure{Hresult::Busy, {"gather", "cluster log", "too many are under way"}});
    calls_.push_back({span, std::move(done)});
    take_turn(turns_.get());
}

int NodeLogs::turn(sd_event_source* source, std::uint64_t, void* userdata) {
    NodeLogs& self = *static_cast<NodeLogs*>(userdata);
    if (self.calls_.empty()) return 0;
    if (!self.work_) {
        if (Status begun = self.begin(); !begun) {
            self.end(csvp::Failure{Hresult::Failed, begun.error()});
            return 0;
        }
    }
    const auto more = self.work_->journal ? self.read_some() : self.write_some();
    if (!more) {
        self.end(csvp::Failure{Hresult::Failed, more.error()});
    } else if (*more || self.work_->journal) {
        if (!*more) self.work_->journal.reset(); // all was read
        take_turn(source);
    } else {
        self.end(self.options_.share + "\\" + self.work_->name);
    }
    return 0;
}

Status NodeLogs::begin() {
    auto journal = options_.open(options_.units);
    if (!journal) return journal.error();
    auto work = std::make_unique<Work>();
    work->journal = *std::move(journal);
    const auto now = options_.now().time_since_epoch();
    work->newest = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    const auto span = calls_.front().span.value_or(options_.span);
    // SpanMinutes has 32 bits: 8 000 years fit.
    work->oldest =
        work->newest - std::chrono::duration_cast<std::chrono::microseconds>(span).count();
    work->name = file_name_part(options_.host) + std::string(kMark) + compact_time(work->newest) +
                 std::string(kEnd);
    work_ = std::move(work);
    return Done{};
}

Result<bool> NodeLogs::read_some() {
    Work& work = *work_;
    for (int i = 0; i < kEntriesATurn; ++i) {
        auto entry = work.journal->previous();
        if (!entry) return entry.error();
        if (!*entry || (*entry)->time < work.oldest) return false;
        if ((*entry)->time > work.newest || !belongs(**entry, options_.units)) continue;
        std::string text = line(**entry);
        if (work.bytes + text.size() > options_.most_bytes) {
            work.cut = true;
            return false;
        }
        work.bytes += text.size();
        work.lines.push_back(std::move(text));
    }
    return true;
}

Result<bool> NodeLogs::write_some() {
    Work& work = *work_;
    const std::string path = options_.directory + "/" + work.name;
    const std::string beside = path + ".new";
    if (!work.file) {
        work.file.reset(
            ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
        if (!work.file) return Error{"create", beside, "", errno};
        // Whatever the umask: the group is whom the share lets read.
        if (::fchmod(work.file.get(), 0640) != 0)
            return Error{"set the mode of", beside, "", errno};
        if (work.cut)
            work.lines.push_back("Older entries are left out: the file would be too large.\n");
    }
    std::string piece;
    while (!work.lines.empty() && piece.size() < kBytesATurn) {
        piece += work.lines.back();
        work.lines.pop_back();
    }
    if (auto written = write_all(work.file.get(), piece, beside); !written) return written.error();
    if (!work.lines.empty()) return true;
    if (::rename(beside.c_str(), path.c_str()) != 0) return Error{"rename", beside, "", errno};

    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator each(options_.directory, error), last;
         !error && each != last; each.increment(error))
        names.push_back(each->path().filename().string());
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(options_.most_age);
    // One that cannot be removed is tried again with the next.
    for (const std::string& name :
         to_be_removed(std::move(names), std::max<std::size_t>(options_.most_files, 1),
                       work.newest - age.count()))
        ::unlink((options_.directory + "/" + name).c_str());
    return false;
}

void NodeLogs::end(csvp::Outcome<std::string> outcome) {
    if (work_ && work_->file && !outcome)
        ::unlink((options_.directory + "/" + work_->name + ".new").c_str());
    work_.reset();
    const auto done = std::move(calls_.front().done);
    calls_.pop_front();
    if (!calls_.empty()) take_turn(turns_.get());
    done(std::move(outcome)); // may destroy us
}

} // namespace mpapi::node
