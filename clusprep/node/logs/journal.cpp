// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/logs/journal.hpp"

#include "common/system/handle.hpp"

#include <systemd/sd-journal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace mpapi::node {

namespace {

constexpr std::size_t kMostOfField = 16384; // bytes; a core dump may be in a field

class SystemJournal final : public JournalReader {
  public:
    explicit SystemJournal(sd_journal* journal)
      : journal_(journal) {}

    Result<std::optional<JournalEntry>> previous() override {
        const int r = sd_journal_previous(journal_.get());
        if (r < 0) return Error{"read", "journal", "", -r};
        if (r == 0) return std::optional<JournalEntry>();
        JournalEntry entry;
        std::uint64_t time = 0;
        if (sd_journal_get_realtime_usec(journal_.get(), &time) >= 0)
            entry.time = static_cast<std::int64_t>(time);
        entry.kernel = field("_TRANSPORT") == "kernel";
        entry.identifier = field("SYSLOG_IDENTIFIER");
        entry.pid = field("_PID");
        // Anybody can send a field UNIT: it counts from systemd itself only.
        if (entry.pid == "1") entry.unit = field("UNIT");
        if (entry.unit.empty()) entry.unit = field("_SYSTEMD_UNIT");
        entry.message = field("MESSAGE");
        const std::string priority = field("PRIORITY");
        std::from_chars(priority.data(), priority.data() + priority.size(), entry.priority);
        return std::optional(std::move(entry));
    }

  private:
    std::string field(const char* name) const {
        const void* data = nullptr;
        std::size_t size = 0;
        if (sd_journal_get_data(journal_.get(), name, &data, &size) < 0) return "";
        std::string_view text(static_cast<const char*>(data), size);
        text.remove_prefix(std::min(text.size(), std::string_view(name).size() + 1));
        return std::string(text.substr(0, kMostOfField));
    }

    std::unique_ptr<sd_journal, DropWith<sd_journal_close>> journal_;
};

int only(sd_journal* journal, const std::vector<std::string>& units) {
    int r = sd_journal_add_match(journal, "_TRANSPORT=kernel", 0);
    for (const std::string& unit : units)
        for (const char* name : {"_SYSTEMD_UNIT=", "UNIT="}) {
            if (r >= 0) r = sd_journal_add_disjunction(journal);
            if (r >= 0) r = sd_journal_add_match(journal, (name + unit).c_str(), 0);
        }
    return r;
}

} // namespace

Result<std::unique_ptr<JournalReader>> open_journal(const std::vector<std::string>& units) {
    sd_journal* raw = nullptr;
    int r = sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (r < 0) return Error{"open", "journal", "", -r};
    auto reader = std::make_unique<SystemJournal>(raw);
    r = only(raw, units);
    if (r >= 0) r = sd_journal_set_data_threshold(raw, kMostOfField);
    if (r >= 0) r = sd_journal_seek_tail(raw);
    if (r < 0) return Error{"search", "journal", "", -r};
    return std::unique_ptr<JournalReader>(std::move(reader));
}

} // namespace mpapi::node
