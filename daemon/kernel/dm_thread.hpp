// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one thread that uses libdevmapper. The loop asks it to look; it lists, reads what has news
// and hands over what it saw through a queue that an event descriptor announces. Requests that
// come while it works are made one: a burst of a thousand events costs a few lists.
//
// Changes of maps are made here too, one after the other, and the changed map is looked at before
// the end of its change is told. Between many changes there is a look every now and then.
//
// Looking does not wait for devices, but it does wait for locks that a broken kernel may hold for
// ever, and putting a table in force waits for commands that devices have. Then this thread is
// stuck and the daemon goes on with what it knew; at the end it is left behind.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/hardware.hpp"
#include "daemon/kernel/map_changes.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mpapi::kernel {

struct EndedChange {
    std::uint64_t number = 0; // as change() returned it
    Status status = Done{};
};

// What one look brought. In this order: gone, present, ended.
struct DmSight {
    std::uint64_t ticket = 0; // of the last request that this look answers
    std::vector<model::DeviceNumber> gone;
    std::vector<std::shared_ptr<const daemon::MapFacts>> present; // new, or read again
    std::string target_version;                                   // "" unknown
    Status status = Done{};                                       // why the list could not be read
    std::vector<Error> troubles;                                  // of single maps
    std::vector<EndedChange> ended;                               // changes, in their order
};

class DmThread {
  public:
    // The descriptor below becomes readable when sights wait.
    static Result<std::unique_ptr<DmThread>> start();
    ~DmThread();
    DmThread(const DmThread&) = delete;
    DmThread& operator=(const DmThread&) = delete;

    int descriptor() const noexcept;
    std::vector<DmSight> take(); // also makes the descriptor unreadable

    // Each returns the ticket of its request. A sight with this ticket or a later one was begun
    // after the call.
    std::uint64_t look();                           // at what the list shows to be new
    std::uint64_t look_at(model::DeviceNumber map); // and at this map
    std::uint64_t look_at_all();                    // and at every multipath map

    // Reads these maps without the list, and tells nothing where nothing is new: for the regular
    // refresh, which finds everything as it was.
    void glance_at(const std::vector<model::DeviceNumber>& maps);

    // Makes a change after those asked for before. Its end comes with a sight, under the number
    // that is returned.
    std::uint64_t change(MapChange change);
    // Takes it back. False: it was begun.
    bool withdraw(std::uint64_t number);

  private:
    struct Shared;
    explicit DmThread(std::shared_ptr<Shared> shared);

    static void work(const std::shared_ptr<Shared>& shared);

    std::shared_ptr<Shared> shared_;
};

} // namespace mpapi::kernel
