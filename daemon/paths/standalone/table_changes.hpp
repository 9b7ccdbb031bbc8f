// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Puts planned tables into force, one map after the other, and takes all of them back when one
// cannot be.
//
// A table that was loaded has no failed paths: those that were failed are failed again as soon as
// the kernel says that it is in force, before anything else is done. I/O that is sent through one
// of them in between comes back as an error of that path, which the map fails for it and tries
// again elsewhere: no error reaches the user. To keep even that rare, tables begin with a group
// that has a working path.
#pragma once

#include "common/dm/multipath_table.hpp"
#include "daemon/hardware.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::standalone {

struct MapChange {
    model::Sequence unit = 0;
    daemon::MapRef map;
    std::string before;              // the table in force
    std::vector<std::string> failed; // devices that are failed in it, "8:16"
    // To load; nothing: the one in force is right.
    std::optional<dm::MultipathTable> table;
    // The same without devices that are gone, to be tried where the other is refused.
    std::optional<dm::MultipathTable> without_gone;
    std::uint32_t switch_to = 0;                              // group to use; 0: as it comes
    std::vector<std::shared_ptr<daemon::ScsiDevice>> holding; // newcomers: see identity_job.hpp
    bool loaded = false;
};

struct MapFailure {
    model::Sequence unit = 0;
    Error error;
};

class TableChanges : public std::enable_shared_from_this<TableChanges> {
  public:
    enum class OnFailure { TakeBack, GoOn };
    // Called once, from the loop: what was refused, also on the way back.
    using Done = std::function<void(std::vector<MapFailure>)>;

    // Who gives up its right to change tables lets this expire: no further map is begun then, and
    // nobody is told.
    using Right = std::weak_ptr<const bool>;

    // The hardware outlives the changes; they live as long as something is under way.
    static void make(daemon::Hardware& hardware, Right right,
                     std::shared_ptr<std::vector<MapChange>> changes, OnFailure on_failure,
                     Done done);
    // Every table that was loaded is put back.
    static void take_back(daemon::Hardware& hardware, Right right,
                          std::shared_ptr<std::vector<MapChange>> changes, Done done);

  private:
    TableChanges(daemon::Hardware& hardware, Right right,
                 std::shared_ptr<std::vector<MapChange>> changes, OnFailure on_failure, Done done)
      : hardware_(hardware)
      , right_(std::move(right))
      , changes_(std::move(changes))
      , on_failure_(on_failure)
      , done_(std::move(done)) {}

    MapChange& current() { return (*changes_)[at_]; }
    void next();
    void load(const dm::MultipathTable& table);
    void loaded();
    void fail_again(std::size_t from);
    void switch_group();
    void failed(const Error& error);
    void undo();
    void fail_as_before(std::size_t from);

    daemon::Hardware& hardware_;
    const Right right_;
    const std::shared_ptr<std::vector<MapChange>> changes_;
    const OnFailure on_failure_;
    Done done_;
    std::size_t at_ = 0;
    std::vector<MapFailure> failures_;
};

} // namespace mpapi::standalone
