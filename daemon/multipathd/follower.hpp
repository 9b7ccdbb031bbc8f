// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Keeps a MultipathdPolicy fed and tells who manages paths. What makes it look again:
//
//   multipathd.service         its state on the bus; with it the path manager changes
//   a reconfigure of any kind  multipathd tells systemd the phases of its start and of each
//                              reconfigure (sd_notify STATUS=, multipathd/main.c), so the unit has
//                              PropertiesChanged without another state: "show config" is asked
//                              again
//   files of multipath-tools   inotify; read again, and "show config" with them
//   a disk that no map has     appeared: "show devices" is asked again
//
// It sends nothing while the unit does not run: multipathd's socket would start it. Requests have a
// shortest interval, whatever makes us ask (a signal can be forged by anybody on the bus), and a
// request that failed is repeated with growing pauses. While nothing happens nothing is armed.
//
// Limit: a version of multipathd that tells systemd nothing of a reconfigure would be noticed with
// the next change of a file or of the unit only. And between the moment when multipathd ends and
// the one when systemd tells us a request may still be sent; the interval is that of one signal.
//
// Loop's thread only.
#pragma once

#include "daemon/config.hpp"
#include "daemon/inventory/policy.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/multipathd/client.hpp"
#include "daemon/multipathd/file_watch.hpp"
#include "daemon/multipathd/files.hpp"
#include "daemon/multipathd/manager_in_force.hpp"
#include "daemon/multipathd/policy.hpp"
#include "daemon/multipathd/unit_state.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::multipathd {

class Follower final : public daemon::ModelListener {
  public:
    struct Options {
        Client::Options client;
        std::string unit = "multipathd.service";
        std::string root; // before the names of all files
        // After the last event, until files are read or multipathd is asked.
        std::chrono::milliseconds files_settle{200};
        std::chrono::milliseconds unit_settle{300};
        std::chrono::milliseconds disks_settle{1000}; // multipathd hears of them when we do
        // Between two requests of a kind.
        std::chrono::milliseconds config_interval{2000};
        std::chrono::milliseconds devices_interval{5000};
        // After a request that failed, doubling.
        std::chrono::milliseconds first_retry{5000};
        std::chrono::milliseconds last_retry{300000};
        std::chrono::milliseconds patience{30000}; // of one request
    };

    // All references, and the bus, outlive the follower. `bus` may be null: the unit's state stays
    // unknown. `model` tells which disks are in no map.
    Follower(sd_event* loop, sd_bus* bus, daemon::ManagerMode mode, MultipathdPolicy& policy,
             daemon::PolicyObserver& observer, const daemon::ModelSource& model);
    Follower(sd_event* loop, sd_bus* bus, daemon::ManagerMode mode, MultipathdPolicy& policy,
             daemon::PolicyObserver& observer, const daemon::ModelSource& model, Options options);
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // Reads the files and begins to follow; the rest happens on the loop. Fails where files cannot
    // be watched; all else works then.
    Status start();

    // Something happened that multipathd may see differently now. Any number of calls makes one
    // request.
    void ask_again();

    // Its reply to "show config" by somebody else's question, just now: taken with the files as
    // they are. Nothing is asked for it.
    void learn(const std::string& shown);

    // ModelListener
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

  private:
    using Clock = std::chrono::steady_clock;

    // A request that is repeated.
    struct Question {
        std::optional<Clock::time_point> due; // empty: nothing to ask
        Clock::time_point asked{};
        std::chrono::milliseconds interval{};
        std::chrono::milliseconds retry{};
    };

    Status make_timer(EventSource& timer, sd_event_time_handler_t handler);
    void unit_changed(const UnitStatus& status);
    void unit_stirred();
    void files_changed(FilesChanged changed);
    void read_files();
    void want(Question& question, std::chrono::milliseconds delay);
    void arm();
    void ask();
    void send(Question& question, const char* command, void (Follower::*take)(Result<std::string>));
    void failed(Question& question);
    void take_config(Result<std::string> reply);
    void take_devices(Result<std::string> reply);
    void learn_configuration();
    void tell_path_manager();

    sd_event* loop_;
    sd_bus* bus_;
    daemon::ManagerMode mode_;
    MultipathdPolicy& policy_;
    daemon::PolicyObserver& observer_;
    const daemon::ModelSource& model_;
    Options options_;

    FileWatch watch_;
    FilesChanged to_read_;
    EventSource files_timer_;
    std::vector<TextFile> files_;
    std::optional<std::set<std::string, std::less<>>> known_wwids_;
    std::set<std::string, std::less<>> failed_wwids_;

    std::unique_ptr<Client> client_; // while the unit runs
    EventSource ask_timer_;
    Question config_, devices_;
    bool asking_ = false;
    bool answered_ = false;            // "show config" was answered or failed since it runs
    std::optional<std::string> shown_; // the last answer
    MultipathdPolicy::Watched watched_;
    std::optional<ManagerInForce> manager_; // as last told

    std::unique_ptr<UnitState> unit_;
};

} // namespace mpapi::multipathd
