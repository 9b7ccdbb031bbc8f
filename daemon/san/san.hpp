// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The embedded storage area network as the daemon's hardware. Needs no privilege and touches no
// device: everything is in memory, made from a Description.
//
// What has changed is told from the loop a little at a time, so that 80 000 disks that are
// enumerated or 40 000 paths that fail over do not keep the bus waiting.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/hardware.hpp"
#include "daemon/san/description.hpp"
#include "daemon/san/fabric.hpp"
#include "daemon/san/fault.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::san {

class San final : public daemon::Hardware {
  public:
    // Applies the description's faults; fails where one names what is not there.
    static Result<std::unique_ptr<San>> make(Description description);
    // Lets hanging commands end with ECANCELED. Devices that are still open answer ENODEV-like
    // errors from then on and stay valid.
    ~San() override;

    Status start(sd_event* loop, daemon::HardwareObserver& observer) override;
    Result<std::unique_ptr<daemon::ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber number) override;
    // Never takes long, for all that could be waited for happens on the loop; so no timeout.
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override;
    void look_again(const std::vector<std::string>& disks,
                    const std::vector<model::DeviceNumber>& maps) override;
    model::Plugin describe() override;
    void send_message(const daemon::MapRef& map, const std::string& message, Ended ended) override;
    void load_table(const daemon::MapRef& map, const std::string& table, Ended ended) override;
    void remove_map(const daemon::MapRef& map, Ended ended) override;
    // No table of the SAN ever waits.
    void clear_inactive_table(const daemon::MapRef& map, Ended ended) override;

    // The loop's thread only, as the rest below. See faults.hpp.
    Status apply(const Fault& fault);

    // Loses and restores the path `count` times in all (an odd count leaves it lost), the loop
    // being served after each; then calls `done`. One storm at a time: EBUSY.
    Status storm(const std::string& disk, std::uint32_t count, std::function<void(Status)> done);

    // A command from an initiator port, the host's own or another machine's, through a target port
    // to a unit. `in` is filled up to ScsiReply::received.
    Result<daemon::ScsiReply> execute(const std::string& initiator, const std::string& array,
                                      const std::string& port, const std::string& unit,
                                      std::span<const std::uint8_t> cdb,
                                      std::span<const std::uint8_t> out,
                                      std::span<std::uint8_t> in);

    // Calls `then` once everything that has happened until now has been told.
    void when_told(std::function<void()> then);
    Fabric& fabric() { return *fabric_; } // for who keeps the machine's maps

    struct Counts {
        std::uint32_t disks = 0;
        std::uint32_t maps = 0;
        std::uint32_t units = 0; // that exist
        std::uint64_t commands = 0;
        std::uint32_t hanging = 0; // commands that hang now
        bool operator==(const Counts&) const = default;
    };
    Counts counts() const;
    // Whether the machine has one, which keeps the maps ([machine] multipathd).
    bool has_multipathd() const;
    std::vector<std::string> arrays() const;

  private:
    explicit San(Description description);

    // One step of the work on the loop; asks for another while something is left.
    void work();
    void enumerate();
    void tell(const Notice& notice);
    void tell_disk(std::uint32_t path);
    void tell_map(std::uint32_t map);
    std::uint32_t path_of(const std::string& disk) const; // none: there is no such disk
    void end_later(Ended ended, const Status& status);
    void step_storm();
    void later(std::chrono::milliseconds time, std::function<void()> what);
    Status arm(std::chrono::milliseconds time, std::function<void()> what);

    std::shared_ptr<Fabric> fabric_; // shared with open devices
    daemon::HardwareObserver* observer_ = nullptr;
    sd_event* loop_ = nullptr;
    EventSource news_source_, work_source_, storm_source_;
    daemon::DiskFacts facts_; // used again for each disk

    bool enumerated_ = false;
    std::uint32_t next_path_ = 0;
    std::uint32_t next_map_ = 0;
    std::vector<Notice> notices_; // taken, not told yet: from next_notice_ on
    std::size_t next_notice_ = 0;
    std::chrono::steady_clock::time_point taken_at_;
    std::vector<std::function<void(Status)>> settling_;
    // What waits for news: for some that are still to be taken, or for what is left of notices_.
    std::vector<std::function<void()>> made_, being_told_;

    struct Timer {
        San* san = nullptr;
        std::uint64_t id = 0;
        std::function<void()> what;
        EventSource source;
    };
    std::map<std::uint64_t, Timer> timers_;
    std::uint64_t next_timer_ = 0;
    // Faults of the file that end by themselves, before there is a loop.
    std::vector<std::pair<std::chrono::milliseconds, std::function<void()>>> before_start_;

    struct Storm {
        std::string disk;
        std::uint32_t left = 0;
        bool lose = true;
        std::function<void(Status)> done;
    } storm_;
};

} // namespace mpapi::san
