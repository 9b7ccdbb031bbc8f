// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/giving_up.hpp"

#include <utility>

namespace mpapi::csvp {

void GivingUp::begin(const Key& key, std::function<void()> tried) {
    cease(key);
    auto attempt = std::make_shared<Attempt>(Attempt{key, std::move(tried), {}, {}});
    attempts_[key] = attempt;
    go(attempt);
}

void GivingUp::cease(const Key& key) {
    const auto ended = attempts_.extract(key);
    if (ended && ended.mapped()->tried) ended.mapped()->tried();
}

void GivingUp::go(const Going& going) {
    const auto attempt = going.lock();
    if (!attempt) return;
    disks_.state(attempt->key, [this, going](Outcome<DiskState> state) {
        const auto found = going.lock();
        if (!found) return;
        if (!state) return failed(going, state.failure());
        if (state->ownership != Ownership::OwnedByThisServer) return cease(found->key);
        if (!state->online) return stop_defense(going);
        disks_.take_offline(found->key, [this, going](const Outcome<Done>& offline) {
            if (!offline) return failed(going, offline.failure());
            stop_defense(going);
        });
    });
}

void GivingUp::stop_defense(const Going& going) {
    const auto attempt = going.lock();
    if (!attempt) return;
    disks_.stop_defense(attempt->key, [this, going](const Outcome<Done>& stopped) {
        if (!stopped) return failed(going, stopped.failure());
        if (const auto ended = going.lock()) cease(ended->key);
    });
}

void GivingUp::failed(const Going& going, const Failure& failure) {
    const auto attempt = going.lock();
    if (!attempt) return;
    const std::string text = failure.error.message();
    if (text != std::exchange(attempt->told, text)) report_(failure);
    if (!later_) return cease(attempt->key);
    attempt->timer = later_(kAgain, [this, going] { go(going); });
    if (const auto tried = std::exchange(attempt->tried, nullptr)) tried();
}

} // namespace mpapi::csvp
