// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/logs/logs.hpp"
#include "common/system/read_file.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

using namespace mpapi;
using namespace mpapi::node;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1'795'681'283'123'456; // 2026-11-26T08:21:23.123456Z
constexpr std::int64_t kMinute = 60'000'000;

JournalEntry entry(std::int64_t time, const std::string& message,
                   const std::string& unit = "mpapid.service") {
    JournalEntry made;
    made.time = time;
    made.unit = unit;
    made.identifier = "mpapid";
    made.pid = "412";
    made.message = message;
    return made;
}

JournalEntry kernel(std::int64_t time, const std::string& message) {
    JournalEntry made = entry(time, message, "");
    made.kernel = true;
    return made;
}

class Played final : public JournalReader {
  public:
    Played(const std::vector<JournalEntry>& entries, bool breaks)
      : entries_(entries)
      , breaks_(breaks) {}
    Result<std::optional<JournalEntry>> previous() override {
        if (next_ == entries_.size()) {
            if (breaks_) return Error{"read", "journal", "", EIO};
            return std::optional<JournalEntry>();
        }
        return std::optional(entries_[entries_.size() - ++next_]);
    }

  private:
    const std::vector<JournalEntry>& entries_;
    std::size_t next_ = 0;
    bool breaks_;
};

class World {
  public:
    World() {
        assert_non_null(::mkdtemp(folder_.data()));
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop_.reset(raw);
        options.directory = folder_.data();
        options.host = "node1";
        options.units = {"mpapid.service", "pacemaker.service"};
        options.now = [this] {
            return std::chrono::system_clock::time_point(std::chrono::microseconds(now));
        };
        options.open = [this](const auto&) -> Result<std::unique_ptr<JournalReader>> {
            if (closed) return Error{"open", "journal", "", EACCES};
            return std::unique_ptr<JournalReader>(std::make_unique<Played>(entries, breaks));
        };
    }
    ~World() { std::filesystem::remove_all(folder_.data()); }

    csvp::Outcome<std::string> gather(std::optional<std::chrono::minutes> span = {}) {
        if (!logs) logs.emplace(loop_.get(), options);
        std::optional<csvp::Outcome<std::string>> outcome;
        logs->gather(span, [&](auto result) { outcome = std::move(result); });
        while (!outcome)
            assert_true(sd_event_run(loop_.get(), 10'000'000) > 0);
        return *outcome;
    }
    std::string content(const csvp::Outcome<std::string>& where) {
        assert_true(bool(where));
        assert_true(where->starts_with("ClusterLogs\\"));
        const auto text =
            read_file(options.directory + "/" + where->substr(where->find('\\') + 1), 1 << 26);
        assert_ok(text);
        return *text;
    }
    std::size_t files() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each :
             std::filesystem::directory_iterator(folder_.data()))
            ++count;
        return count;
    }
    sd_event* loop() { return loop_.get(); }

    NodeLogs::Options options;
    std::optional<NodeLogs> logs;
    std::vector<JournalEntry> entries;
    std::int64_t now = kNow;
    bool closed = false, breaks = false;

  private:
    std::array<char, 32> folder_{"/tmp/node-logs-XXXXXX"};
    EventLoop loop_;
};

void entries_are_told_in_their_order(void**) {
    World world;
    world.entries = {entry(kNow - 2 * kMinute, "first"),
                     kernel(kNow - kMinute, "sd 2:0:0:1: [sdb] x"),
                     entry(kNow, "last", "pacemaker.service")};
    const auto where = world.gather();
    assert_text_equal(*where, "ClusterLogs\\node1-cluster-20261126T082123.123Z.log");
    assert_text_equal(world.content(where),
                      "2026-11-26T08:19:23.123456Z info mpapid[412]: first\n"
                      "2026-11-26T08:20:23.123456Z info kernel: sd 2:0:0:1: [sdb] x\n"
                      "2026-11-26T08:21:23.123456Z info mpapid[412]: last\n");
    struct stat status {};
    assert_int_equal(
        ::stat((world.options.directory + "/node1-cluster-20261126T082123.123Z.log").c_str(),
               &status),
        0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

void what_is_not_in_the_span_is_not_in_the_log(void**) {
    World world;
    world.entries = {entry(kNow - 5 * kMinute - 1, "too old"), entry(kNow - 5 * kMinute, "in"),
                     entry(kNow + 1, "of the future")};
    assert_text_equal(world.content(world.gather(5min)),
                      "2026-11-26T08:16:23.123456Z info mpapid[412]: in\n");
    world.now += kMinute;
    assert_text_equal(world.content(world.gather(0min)), "");
    world.now += kMinute;
    assert_contains(world.content(world.gather(std::chrono::minutes(UINT32_MAX))), "too old");
}

void others_entries_are_left_out(void**) {
    World world;
    world.entries = {entry(kNow, "other", "sshd.service"), kernel(kNow, "usb 1-1: new device"),
                     kernel(kNow, "device-mapper: multipath: Failing path 8:16.")};
    const std::string text = world.content(world.gather());
    assert_text_equal(text, "2026-11-26T08:21:23.123456Z info kernel: device-mapper: multipath: "
                            "Failing path 8:16.\n");
}

void one_entry_is_one_line(void**) {
    JournalEntry odd = entry(kNow, "a\nb\x1b[2J\xff\xc2\xa9\xc2\x85\xed\xa0\x80\xf0\x9f");
    odd.identifier = "x\ny";
    odd.priority = 99;
    assert_text_equal(line(odd),
                      "2026-11-26T08:21:23.123456Z debug x\\x0ay[412]: "
                      "a\\x0ab\\x1b[2J\\xff\xc2\xa9\\xc2\\x85\\xed\\xa0\\x80\\xf0\\x9f\n");
}

void a_long_log_keeps_its_newest_entries(void**) {
    World world;
    world.options.most_bytes = 200;
    for (int i = 0; i < 10'000; ++i)
        world.entries.push_back(entry(kNow - 10'000 + i, "entry " + std::to_string(i)));
    const std::string text = world.content(world.gather());
    assert_true(text.starts_with("Older entries are left out"));
    assert_true(text.ends_with("entry 9999\n"));
    assert_true(text.size() < 300);
}

void a_large_log_takes_several_turns(void**) {
    World world;
    for (int i = 0; i < 20'000; ++i)
        world.entries.push_back(entry(kNow - 20'000 + i, std::string(200, 'x')));
    world.logs.emplace(world.loop(), world.options);
    bool done = false;
    world.logs->gather({}, [&](const auto& outcome) { done = bool(outcome); });
    int turns = 0;
    while (!done) {
        assert_true(sd_event_run(world.loop(), 10'000'000) > 0);
        ++turns;
    }
    assert_true(turns > 20'000 / 256);
}

void files_are_pruned_by_count_and_age(void**) {
    World world;
    world.options.most_files = 3;
    for (int i = 0; i < 6; ++i) {
        assert_true(bool(world.gather()));
        world.now += kMinute;
    }
    assert_int_equal(world.files(), 3);
    world.now += 31 * 24 * 60 * kMinute;
    assert_true(bool(world.gather()));
    assert_int_equal(world.files(), 1);
}

void only_our_own_files_are_pruned(void**) {
    const std::vector<std::string> names{"node1-cluster-20260101T000000.000Z.log",
                                         "old-cluster-20260102T000000.000Z.log",
                                         "node1-cluster-20261126T082123.123Z.log",
                                         "node1-cluster-20260101T000000.000Z.log.bak",
                                         "node1-cluster-2026x101T000000.000Z.log",
                                         "-20260101T000000.000Z.log",
                                         "important",
                                         "smb.conf"};
    const auto removed = to_be_removed(names, 10, kNow - kMinute);
    assert_int_equal(removed.size(), 2);
    const auto counted = to_be_removed(names, 1, 0);
    assert_int_equal(counted.size(), 2);
    assert_true(std::find(counted.begin(), counted.end(), names[2]) == counted.end());
}

void a_journal_that_cannot_be_read_is_an_error_and_leaves_no_file(void**) {
    World world;
    world.breaks = true;
    assert_true(world.gather().failure().code == csvp::Hresult::Failed);
    world.breaks = false;
    world.closed = true;
    assert_int_equal(world.gather().failure().error.errnum, EACCES);
    assert_int_equal(world.files(), 0);
    world.closed = false;
    assert_true(bool(world.gather())); // the next one is served
}

void a_directory_that_is_not_there_is_an_error(void**) {
    World world;
    world.options.directory += "/missing";
    assert_int_equal(world.gather().failure().error.errnum, ENOENT);
}

void calls_wait_for_each_other_and_too_many_are_refused(void**) {
    World world;
    world.options.waiting = 2;
    world.logs.emplace(world.loop(), world.options);
    std::string told;
    for (int i = 0; i < 3; ++i)
        world.logs->gather({}, [&told, &world](const csvp::Outcome<std::string>& outcome) {
            told +=
                outcome ? "ok " : (outcome.failure().code == csvp::Hresult::Busy ? "busy " : "? ");
            world.now += kMinute;
        });
    while (told.size() < 11)
        assert_true(sd_event_run(world.loop(), 10'000'000) > 0);
    assert_text_equal(told, "busy ok ok ");
    assert_int_equal(world.files(), 2);
}

void a_host_name_makes_a_file_name(void**) {
    World world;
    world.options.host = "a/b:c.\xc3\xa4";
    assert_text_equal(*world.gather(), "ClusterLogs\\a-b-c----cluster-20261126T082123.123Z.log");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_told_in_their_order),
        cmocka_unit_test(what_is_not_in_the_span_is_not_in_the_log),
        cmocka_unit_test(others_entries_are_left_out),
        cmocka_unit_test(one_entry_is_one_line),
        cmocka_unit_test(a_long_log_keeps_its_newest_entries),
        cmocka_unit_test(a_large_log_takes_several_turns),
        cmocka_unit_test(files_are_pruned_by_count_and_age),
        cmocka_unit_test(only_our_own_files_are_pruned),
        cmocka_unit_test(a_journal_that_cannot_be_read_is_an_error_and_leaves_no_file),
        cmocka_unit_test(a_directory_that_is_not_there_is_an_error),
        cmocka_unit_test(calls_wait_for_each_other_and_too_many_are_refused),
        cmocka_unit_test(a_host_name_makes_a_file_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
