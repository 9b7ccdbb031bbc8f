// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One change on its way through multipathd, from the record of disabled paths to the proof:
//
//   record     of disabled paths, which udev's rules read
//   udev       is told to look at each disk that goes or comes back, and has done so
//   file       ours, written in one piece
//   reconfigure   only where what is loaded is not that file; over when "show config" tells its
//              revision: multipathd holds one lock over all of a reconfigure, tables included, and
//              the same one over that answer
//   settings   as they are loaded, held against what is wanted: somebody else's may win
//   paths      "del path" and "add path"; neither outlives a reconfigure, the property does
//   tables     as the kernel tells them, until a deadline
//
// What fails after the record was written goes all the way back: record, udev, file, reconfigure,
// paths. A change that takes charge at the start (resume) has nothing to go back to and stays.
//
// Loop's thread only.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/multipathd/drop_in.hpp"
#include "daemon/multipathd/overrides.hpp"
#include "daemon/multipathd/running.hpp"
#include "daemon/paths/outcome.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::multipathd {

// What a change works with.
struct Means {
    sd_event* loop;
    daemon::ModelSource& model;
    // Runs `work` on another thread, then `done` on the loop's (Background::submit): files
    // lie on disks, which may hold back their I/O just when paths are changed.
    std::function<void(std::function<void()> work, std::function<void()> done)> off_loop;
    // Writes the record of disabled paths; called on that thread.
    std::function<Status(const std::set<paths::PathName>&)> write_record;
    // paths::UdevEvent::send
    std::function<void(const std::string& device, std::function<void(Status)>)> udev_event;
    // What multipathd has loaded is this reply to "show config" (Follower::learn).
    std::function<void(const std::string& shown)> learn = [](const std::string&) {};
};

struct Limits {
    // Of one request. multipathd itself says "timeout" after uxsock_timeout, 4 s.
    std::chrono::milliseconds request{15000};
    // While it says that it is busy; many units make a reconfigure long.
    std::chrono::milliseconds busy{300000};
    // For what is expected of it while it is not busy, and of the kernel.
    std::chrono::milliseconds proof{30000};
    // Between two looks whether the file is loaded, doubling; anything that systemd tells of the
    // unit makes it look earlier, though never earlier than the first.
    std::chrono::milliseconds first_look{200};
    std::chrono::milliseconds last_look{2000};
};

struct Task {
    paths::Intents before, wanted;
    bool resuming = false; // `wanted` was kept: whatever is there, not `before`, is made into it
    // Paths that a change moved which multipathd's end overtook. It may have read of them what was
    // no longer true when it was up, and then no event tells it better.
    std::set<paths::PathName> unsettled;
};

class Change {
  public:
    using Clock = std::chrono::steady_clock;

    // `root` stands before the names of files. All references outlive this; `ended` is called once,
    // from the loop, and may destroy this.
    Change(const Means& means, RunningMultipathd& multipathd, Overrides& overrides,
           const Limits& limits, std::string root, Task task, paths::Ended ended);
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    void start(); // the rest happens on the loop
    void model_changed();
    void multipathd_told();
    // Somebody else is in charge from now on, and whoever asked for this was told so: it goes no
    // further and undoes what it did, but for the record, which is theirs.
    void overtake() { overtaken_ = true; }
    // The paths that it disables and enables, as far as it has come.
    std::set<paths::PathName> moved() const;

  private:
    enum class Stage { Working, Loading, Proving };

    void begin();
    std::optional<paths::Refused> unready() const;
    std::optional<paths::Refused> nothing_would_work() const;
    void read();
    void learn();
    void record();
    void announce();
    void announce_next(std::vector<std::string> devices);
    void write();
    void reconfigure();
    void await_loading();
    void look();
    void take_look(Result<std::string> shown);
    void move_paths();
    void move_next(std::vector<std::pair<std::string, bool>> devices);
    void look_at_maps();
    void prove();
    std::string unproven() const;

    void ask(const std::string& command, const std::function<void(Result<std::string>)>& then);
    void repeat(const std::string& command, const std::function<void(Result<std::string>)>& then);
    void work(std::function<Status()> work, std::function<void()> then);
    void after(std::chrono::milliseconds pause, std::function<void()> then);
    void fail(paths::Refused refused);
    void fail(const Error& error);
    void put_back(paths::Refused refused);
    bool goes_on_without(const Error& error);
    void could_not_be_put_back(const paths::Refused& why);
    bool goes_on();
    std::string stopped() const;
    void end(paths::Outcome outcome);

    const paths::Intents& target() const { return refused_ ? before_ : wanted_; }
    const std::set<paths::PathName>& going() const { return refused_ ? enabled_ : disabled_; }
    const std::set<paths::PathName>& coming() const { return refused_ ? disabled_ : enabled_; }

    const Means& means_;
    RunningMultipathd& multipathd_;
    Overrides& overrides_;
    const Limits& limits_;
    const std::string root_;
    const paths::Intents before_, wanted_;
    const bool resuming_;
    const std::set<paths::PathName> unsettled_;
    paths::Ended ended_;

    bool overtaken_ = false;
    std::set<paths::PathName> disabled_, enabled_; // by this change
    std::optional<std::string> file_;              // what it shall be; empty: none
    std::string revision_;                         // of that, "" of none
    std::optional<std::string> found_, on_disk_;   // what it was, what it is
    std::string loaded_;                           // the revision, as last seen
    bool recorded_ = false, wrote_ = false, reconfigured_ = false;
    std::optional<paths::Refused> refused_; // and being put back

    Stage stage_ = Stage::Working;
    Clock::time_point busy_until_{}, loading_until_{}, deadline_{}, looked_{};
    std::chrono::milliseconds pause_{0};
    bool looking_ = false;
    EventSource timer_;
    std::function<void()> timed_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::multipathd
