// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a cluster does with shared disks besides reading, writing and reserving: ownership, offline
// and online, files. Puts the three together and keeps their rules among each other:
//
//   - the defence of a disk that is online does not just stop (MS-CSVP 3.2.4.6);
//   - a file is written and deleted only while the disk is owned and online;
//   - nothing is done to a disk that the system itself runs from.
//
// Loop's thread only.
#pragma once

#include "daemon/disks/disks.hpp"
#include "daemon/disks/files/file_service.hpp"
#include "daemon/disks/methods.hpp"
#include "daemon/disks/offline/online_states.hpp"
#include "daemon/disks/ownership/owners.hpp"
#include "daemon/paths/admission.hpp"

#include <memory>
#include <optional>

namespace mpapi::disks {

// What is another on the embedded SAN. All outlive the control.
struct DiskWork {
    OfflineWork& offline;
    ClaimStore& claims;
    FileService& files;
    // Under it are the marks that last until the next boot; "": they are kept in memory.
    std::string runtime_folder;
    // Null: nobody but the daemon brings paths back. `map` gives the name of the disk's map.
    std::function<std::unique_ptr<PathKeeper>(std::function<std::string()> map)> path_keeper;
    // Has udev look at a device anew; may be null.
    std::function<void(const std::string& device)> udev_event;
    // As Hardware::load_table(), and a map that is read-only is not any more, for the kernel keeps
    // that with a table that was loaded while the map was. May be null where no map ever is.
    std::function<void(const daemon::MapRef&, const std::string& table,
                       std::function<void(Status)>)>
        load_writable{};
};

class Control final : private DisksObserver {
  public:
    // All outlive this.
    struct Means {
        sd_bus* bus;
        Disks& disks;
        Reservations& reservations;
        DiskWork work;
        std::function<void(const daemon::MapRef&, std::function<void(Status)>)> load_table_again;
        std::function<void(int priority, const std::string& text)> note;
        Ownership::Times times{};
    };
    explicit Control(Means means);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    Disks& disks() { return means_.disks; }
    Owners& owners() { return *owners_; }
    OnlineStates& states() { return *states_; }
    FileService& files() { return means_.work.files; }

    // As paths::Admission: a path of a disk that this node owns is registered first. What keeps it
    // out of use is noted once, and shown as PathsLeftOut.
    void admit(const paths::Newcomer& newcomer, std::function<void(Status)> then);

    // Why nothing may be done to the disk: "the system runs from it"; nothing: it may.
    std::optional<std::string> needed_by_system(const std::string& id);

  private:
    void disk_changed(const DiskPtr& before, const DiskPtr& after) override;
    void show(const std::string& id);
    void lost(const std::string& id, const std::string& why);
    void look_whose(const std::string& id);

    Means means_;
    RuntimeMarks offline_marks_, owned_marks_;
    std::unique_ptr<OnlineStates> states_;
    std::unique_ptr<Owners> owners_;
};

// The methods of org.mpapi.Multipath1.SharedDisk for it.
Methods control_methods(Control& control);

} // namespace mpapi::disks
