// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One run of the daemon over some hardware: what both programs, mpapid and mpapid-san, do alike.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/system/background.hpp"
#include "common/system/handle.hpp"
#include "daemon/block_hardware.hpp"
#include "daemon/config.hpp"
#include "daemon/disks/control.hpp"
#include "daemon/disks/disk_objects.hpp"
#include "daemon/disks/disks.hpp"
#include "daemon/disks/reservations.hpp"
#include "daemon/hardware.hpp"
#include "daemon/inventory/inventory.hpp"
#include "daemon/jobs/job_objects.hpp"
#include "daemon/paths/changes.hpp"
#include "daemon/publish/publisher.hpp"

#include <memory>
#include <optional>

namespace mpapi::daemon {

class Service {
  public:
    // Loop, bus, hardware, blocks and configuration outlive the service. The bus is attached to the
    // loop already; `lookup` tells who holds a map. An empty state directory keeps object numbers,
    // and what is asked for, in memory only; else `disabled_record` is where disabled paths are
    // written down. What happens is told to `sink`; who may change something is decided by `rules`.
    Service(sd_event* loop, sd_bus* bus, Hardware& hardware, BlockHardware& blocks,
            MultipathPolicy& policy, holders::Lookup& lookup, const Config& config,
            std::string disabled_record, publish::Journal::Sink sink,
            const bus::Gatekeeper::Rules& rules);
    ~Service();

    // Fails where another instance owns the name already.
    Status start();

    // Between start() and run(): who takes disks offline and works on files.
    void set_disk_work(disks::DiskWork work) { disk_work_.emplace(std::move(work)); }

    // Until SIGTERM or SIGINT, or until something fails that the daemon cannot live without.
    Status run();

    // Once started.
    Inventory& inventory() { return *inventory_; }
    Workers& workers() { return *workers_; }
    paths::ChangeQueue& changes() { return *queue_; }
    // For what may take as long as the state directory's disk takes.
    Background& off_loop() { return *off_loop_; }
    // As paths::Admission, for whoever brings paths back.
    void admit(const paths::Newcomer& newcomer, std::function<void(Status)> then);
    // What somebody should know.
    void note(int priority, const std::string& message) const;

    // Whether worker threads are still in the kernel: what they refer to must not be destroyed, so
    // the process should end without doing so.
    bool left_behind() const { return left_behind_; }

  private:
    Status check_not_running();
    Status make_changers();
    Status make_disks();
    Status watch_bus();
    void publish();
    void record(const jobs::Job& job) const;
    void fail(const Error& error);

    sd_event* loop_;
    sd_bus* bus_;
    Hardware& hardware_;
    BlockHardware& blocks_;
    MultipathPolicy& policy_;
    holders::Lookup& lookup_;
    const Config& config_;
    std::string disabled_record_;
    publish::Journal::Sink sink_;
    bus::Gatekeeper::Rules rules_;
    ObjectIds ids_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Inventory> inventory_;
    std::unique_ptr<Background> off_loop_;
    std::unique_ptr<paths::ChangeQueue> queue_;
    std::unique_ptr<paths::AccessStates> access_states_;
    std::unique_ptr<jobs::Jobs> jobs_;
    std::unique_ptr<jobs::JobObjects> job_objects_;
    std::unique_ptr<paths::Changes> changes_;
    std::unique_ptr<disks::Disks> disks_;
    std::unique_ptr<disks::Reservations> reservations_;
    std::optional<disks::DiskWork> disk_work_;
    std::unique_ptr<disks::Control> control_;
    std::shared_ptr<void> uses_watched_;
    std::unique_ptr<publish::Publisher> publisher_;
    std::unique_ptr<disks::DiskObjects> disk_objects_;
    BusSlot large_calls_;
    BusSlot disconnected_;
    std::optional<Error> failure_;
    bool left_behind_ = false;
};

} // namespace mpapi::daemon
