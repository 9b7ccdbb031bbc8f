// SPDX-License-Identifier: LGPL-2.1-or-later
//
// multipathd registers the paths that it brings back, where it has been given the map's key
// (mpath_persist.c; multipathd(8): setprkey, setprstatus). It takes the key only where
// multipath.conf says "reservation_key file" for the map, so what it has taken is asked for again.
// While it does not run, nothing is to be done: it brings nothing back.
#pragma once

#include "daemon/disks/ownership/ownership.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::disks {

class MultipathdKeeper final : public PathKeeper {
  public:
    // As RunningMultipathd::ask(); errnum ESHUTDOWN: it does not run.
    using Ask = std::function<void(std::string command, std::function<void(Result<std::string>)>)>;

    // `map` gives the map's name now; "" for a disk in none.
    MultipathdKeeper(Ask ask, std::function<std::string()> map)
      : ask_(std::move(ask))
      , map_(std::move(map)) {}

    void adopt(ReservationKey key, Ended ended) override;
    void disown(Ended ended) override;

  private:
    // The commands one after the other; the replies of all but the last are not looked at.
    void say(std::vector<std::string> commands, std::function<void(Result<std::string>)> then);

    Ask ask_;
    std::function<std::string()> map_;
};

} // namespace mpapi::disks
