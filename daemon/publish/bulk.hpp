// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A whole snapshot as a file, made once for a generation however many ask for it: callers that come
// while it is made wait for the same one, callers that come for a newer generation wait for one
// that is begun afterwards, and it is made off the loop.
#pragma once

#include "common/model/snapshot.hpp"
#include "common/system/background.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace mpapi::publish {

class Bulk {
  public:
    struct File {
        std::uint64_t generation = 0;
        Fd fd;
    };
    using Make = std::function<Result<Fd>(const model::Snapshot&)>; // on another thread
    using Taker = std::function<void(const Result<std::shared_ptr<const File>>&)>;
    using Current = std::function<model::SnapshotPtr()>;

    // `keep` the file until the next generation, or only while it is on its way to callers. `tidy`
    // runs on that other thread too, after the callers have a file.
    Bulk(Background& background, Current current, Make make, bool keep,
         std::function<void()> tidy = nullptr);
    ~Bulk();
    Bulk(const Bulk&) = delete;
    Bulk& operator=(const Bulk&) = delete;

    // Never an older generation than the current one at the time of this call. Calls back at once
    // where the file is there.
    void get(Taker taker);
    // To be called when there is a new generation; the file of the old one, if there was one.
    std::shared_ptr<const File> forget() { return std::exchange(file_, nullptr); }

  private:
    // The file of the current generation, if it is there.
    std::shared_ptr<const File> ready() const;
    void start();
    void finished(Result<Fd> fd, std::uint64_t generation);

    Background& background_;
    Current current_;
    Make make_;
    bool keep_;
    std::function<void()> tidy_;
    std::shared_ptr<const File> file_;
    bool running_ = false;
    std::uint64_t running_generation_ = 0;
    std::vector<Taker> takers_; // of the file that is being made
    std::vector<Taker> later_;  // of the one after it
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::publish
