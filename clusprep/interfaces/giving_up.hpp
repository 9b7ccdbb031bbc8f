// SPDX-License-Identifier: LGPL-2.1-or-later
//
// LUNs that nobody claims any more, on their way back: offline first, then the end of the defence.
// What fails is tried again, for an owner that nobody asked for would keep every other node out for
// ever. Loop thread only.
#pragma once

#include "clusprep/interfaces/disks.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace mpapi::csvp {

class GivingUp {
  public:
    using Key = Disks::Key;
    // Calls `then` once after the time, from the loop; not any more when the handle is let go of.
    using Later =
        std::function<std::shared_ptr<void>(std::chrono::seconds time, std::function<void()> then)>;
    using Report = std::function<void(const Failure&)>;

    static constexpr std::chrono::seconds kAgain{5};

    // A failure is reported when it is not the one that the LUN had before. Without `later` there
    // is one try.
    GivingUp(Disks& disks, Later later, Report report)
      : disks_(disks)
      , later_(std::move(later))
      , report_(std::move(report)) {}
    GivingUp(const GivingUp&) = delete;
    GivingUp& operator=(const GivingUp&) = delete;

    // `tried` is called once, when the first try has ended or the LUN is claimed again.
    void begin(const Key& key, std::function<void()> tried);
    // Somebody claims it again.
    void cease(const Key& key);

  private:
    struct Attempt {
        Key key;
        std::function<void()> tried;
        std::string told;
        std::shared_ptr<void> timer;
    };
    using Going = std::weak_ptr<Attempt>; // gone when it was ceased

    void go(const Going& going);
    void stop_defense(const Going& going);
    void failed(const Going& going, const Failure& failure);

    Disks& disks_;
    Later later_;
    Report report_;
    std::map<Key, std::shared_ptr<Attempt>> attempts_;
};

} // namespace mpapi::csvp
