// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The Linux kernel as Hardware: udev and sysfs for disks, device-mapper for maps, SG_IO for what
// devices themselves say.
//
// Where a fact comes from, and what makes us look again:
//
//   disks               uevents of the disk; sysfs is read then
//   holders of a disk   uevents of maps: the kernel sends none for the disk below
//   state of a device   no event exists. Read with the disk, when a map that uses it has an event,
//                       on look_again() and on settle()
//   maps                events of device-mapper; uevents for what raises none (a table loaded)
//   suspended           no event exists. Read with the map, on look_again() and on settle()
//
// Nothing is polled: with nothing happening there is no wake-up.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/hardware.hpp"
#include "daemon/kernel/disk_book.hpp"
#include "daemon/kernel/dm_control.hpp"
#include "daemon/kernel/dm_thread.hpp"
#include "daemon/kernel/heard_events.hpp"
#include "daemon/kernel/map_book.hpp"
#include "daemon/kernel/sysfs.hpp"
#include "daemon/kernel/udev.hpp"
#include "daemon/kernel/udev_queue.hpp"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::kernel {

class KernelHardware final : public daemon::Hardware {
  public:
    KernelHardware() = default;
    ~KernelHardware() override;

    Status start(sd_event* loop, daemon::HardwareObserver& observer) override;
    Result<std::unique_ptr<daemon::ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber number) override;
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override;
    void look_again(const std::vector<std::string>& disks,
                    const std::vector<model::DeviceNumber>& maps) override;
    // The version is known from the first map on, for its module is loaded then.
    model::Plugin describe() override;
    void send_message(const daemon::MapRef& map, const std::string& message, Ended ended) override;
    void load_table(const daemon::MapRef& map, const std::string& table, Ended ended) override;
    // The same, and a map that is read-only is not any more. EROFS: a device of the table is
    // write-protected.
    void load_table_writable(const daemon::MapRef& map, const std::string& table, Ended ended);
    void remove_map(const daemon::MapRef& map, Ended ended) override;
    void clear_inactive_table(const daemon::MapRef& map, Ended ended) override;

  private:
    struct Settling {
        KernelHardware* owner = nullptr;
        std::optional<std::uint64_t> ticket; // set once udev was done; of the last look at maps
        std::function<void(Status)> done;
        EventSource deadline;
    };

    struct Changing {
        std::string map; // its name
        Ended ended;
    };

    Status watch_udev();
    Status watch_descriptor(EventSource& source, int descriptor, sd_event_io_handler_t handler);
    void enumerate_again();
    void look_at_next_disks();
    std::set<std::string> list_disks() const;
    void look_at_disk(const std::string& name); // and at what udev says of it
    bool receive_uevents();                     // false: more may wait
    void receive_from_kernel();
    void act_on(const Reading& reading);
    void look_at_disks_under(const std::string& map);

    void connect_device_mapper();
    bool arm_device_mapper();
    void wait_for_first_sight();
    void take_sights();
    void tell_device_mapper(const std::string& trouble);
    void tell_udev(const std::string& trouble);

    void ask_for_change(MapChange change, Ended ended);
    void watch_changes();
    void end_changes(std::vector<EndedChange> ended);
    void give_changes_up();
    void tell_refusals();

    void tell_when_enumerated();
    void wake_settling();
    void advance_settling();
    bool udev_is_done();
    void look_at_unannounced();

    sd_event* loop_ = nullptr;
    daemon::HardwareObserver* observer_ = nullptr;
    const Sysfs sysfs_;
    std::unique_ptr<Udev> udev_;
    std::optional<DiskBook> disks_;
    std::optional<MapBook> maps_;
    std::optional<DmControl> control_;
    std::unique_ptr<DmThread> dm_;
    UdevQueue queue_;
    HeardEvents heard_;

    bool list_wanted_ = true;            // of disks
    std::deque<std::string> to_look_at_; // disks of that list not looked at yet
    bool dm_events_ = false;             // device-mapper tells events on control_
    bool maps_seen_ = false;             // the first list was read, or there is none to read
    bool enumerated_ = false;
    std::uint64_t answered_ = 0;                           // ticket of the last sight
    std::optional<std::string> dm_trouble_, udev_trouble_; // as last told
    std::string target_version_;
    std::list<std::unique_ptr<Settling>> settling_;
    std::map<std::uint64_t, Changing> changing_; // by number of dm_
    std::vector<std::pair<Changing, Error>> refused_;

    EventSource udev_source_, kernel_source_, enumeration_source_, control_source_, sights_source_,
        settling_source_, queue_source_, first_sight_deadline_, change_deadline_, refusal_source_;
};

} // namespace mpapi::kernel
