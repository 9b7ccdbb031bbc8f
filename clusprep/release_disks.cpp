// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/release_disks.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::clusprep {

namespace {

// Held by the completion that is awaited.
class Release : public std::enable_shared_from_this<Release> {
  public:
    Release(csvp::Disks& disks, std::function<void(Status)> done)
      : disks_(disks)
      , done_(std::move(done)) {}

    void begin() {
        disks_.list([self = shared_from_this()](csvp::Outcome<csvp::DiskList> list) {
            if (!list) return self->done_(list.failure().error);
            for (const auto& disk : **list)
                self->keys_.push_back(disk.key);
            self->next();
        });
    }

  private:
    void next() {
        if (keys_.empty()) {
            if (first_failure_) return done_(*std::move(first_failure_));
            return done_(mpapi::Done{});
        }
        const std::string& key = keys_.back();
        disks_.state(key, [self = shared_from_this()](csvp::Outcome<csvp::DiskState> state) {
            if (!state) return self->note_and_go_on(state.failure().error);
            self->offline_ = !state->online;
            if (state->ownership != csvp::Ownership::OwnedByThisServer) return self->unregister();
            if (state->online) return self->take_offline();
            self->stop_defense();
        });
    }

    void take_offline() {
        disks_.take_offline(keys_.back(),
                            [self = shared_from_this()](const csvp::Outcome<Done>& taken) {
                                // The defence of a disk that stays in use never just stops.
                                if (!taken) return self->note_and_go_on(taken.failure().error);
                                self->offline_ = true;
                                self->stop_defense();
                            });
    }

    void stop_defense() {
        disks_.stop_defense(keys_.back(),
                            [self = shared_from_this()](const csvp::Outcome<Done>& stopped) {
                                if (!stopped) return self->note_and_go_on(stopped.failure().error);
                                self->unregister();
                            });
    }

    // Also where it is not owned: a client may have had the key registered by itself.
    void unregister() {
        disks_.unregister_key(keys_.back(),
                              [self = shared_from_this()](const csvp::Outcome<Done>& gone) {
                                  if (!gone && !never_registered(gone.failure().code))
                                      return self->note_and_go_on(gone.failure().error);
                                  if (!self->offline_) return self->go_on();
                                  self->bring_online();
                              });
    }

    // A disk that we may not touch, or that knows no reservations.
    static bool never_registered(csvp::Hresult code) {
        return code == csvp::Hresult::AccessDenied || code == csvp::Hresult::NotSupported;
    }

    void bring_online() {
        disks_.bring_online(keys_.back(),
                            [self = shared_from_this()](const csvp::Outcome<Done>& back) {
                                if (!back) return self->note_and_go_on(back.failure().error);
                                self->go_on();
                            });
    }

    void note_and_go_on(const Error& error) {
        if (!first_failure_) first_failure_ = error;
        go_on();
    }
    void go_on() {
        keys_.pop_back();
        next();
    }

    csvp::Disks& disks_;
    std::function<void(Status)> done_;
    std::vector<std::string> keys_;
    bool offline_ = false; // the one that is worked at
    std::optional<Error> first_failure_;
};

} // namespace

void release_disks(csvp::Disks& disks, std::function<void(Status)> done) {
    std::make_shared<Release>(disks, std::move(done))->begin();
}

} // namespace mpapi::clusprep
