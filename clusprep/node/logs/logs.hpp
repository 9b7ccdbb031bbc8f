// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GenerateClusterLog and GenerateTimeSpanLog (MS-CSVP 3.10.4): entries of the journal gathered into
// a file in the directory of a share. Which server serves the share is not our business; an example
// for Samba is in examples/smb-cluster-logs.conf.
//
// The newest entries are kept where the file would become too large, and its first line says so.
// Files that we made earlier are removed: those too old, and of the rest the oldest ones. A slice
// of the work is done at each turn of the loop. Loop thread only.
#pragma once

#include "clusprep/interfaces/node.hpp"
#include "clusprep/node/logs/journal.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::node {

class NodeLogs final : public csvp::Logs {
  public:
    struct Options {
        std::string share = "ClusterLogs";
        std::string directory = "/var/log/clusprep"; // only this user writes to it
        std::string host;                            // begins a file's name
        std::vector<std::string> units;
        std::chrono::minutes span = std::chrono::hours(72); // where the client says none
        std::size_t most_bytes = std::size_t{16} << 20;     // of one file
        std::size_t most_files = 10;
        std::chrono::hours most_age = std::chrono::hours(24 * 30);
        unsigned waiting = 8; // calls that have not ended
        std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
        std::function<Result<std::unique_ptr<JournalReader>>(const std::vector<std::string>&)>
            open = open_journal;
    };

    NodeLogs(sd_event* loop, Options options);
    // Who waits then is told nothing more.
    ~NodeLogs() override;
    NodeLogs(const NodeLogs&) = delete;
    NodeLogs& operator=(const NodeLogs&) = delete;

    void gather(std::optional<std::chrono::minutes> span,
                csvp::Completion<std::string> done) override;

  private:
    struct Call {
        std::optional<std::chrono::minutes> span;
        csvp::Completion<std::string> done;
    };
    struct Work;

    static int turn(sd_event_source*, std::uint64_t, void* userdata);
    Status begin();
    Result<bool> read_some(); // false: all was read
    Result<bool> write_some();
    void end(csvp::Outcome<std::string> outcome);

    Options options_;
    EventSource turns_;
    std::deque<Call> calls_;
    std::unique_ptr<Work> work_; // of the first call
};

// Which of our files in a directory are to go, given their names: `keep` at most stay, none that is
// older than `oldest` (µs). Names of others are left alone. Pure.
std::vector<std::string> to_be_removed(std::vector<std::string> names, std::size_t keep,
                                       std::int64_t oldest);

} // namespace mpapi::node
