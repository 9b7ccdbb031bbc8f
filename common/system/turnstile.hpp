// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lets so many in at once; the others wait in line. Our clients are many, and to whom we ask for
// their sake they are one. Loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace mpapi {

class Turnstile {
  public:
    using Leave = std::function<void()>; // called once, at the end; the turnstile is there then
    using Begin = std::function<void(Leave)>;

    explicit Turnstile(unsigned at_once)
      : at_once_(at_once) {}
    Turnstile(const Turnstile&) = delete;
    Turnstile& operator=(const Turnstile&) = delete;

    // Begins now or when there is room.
    void enter(Begin begin) {
        waiting_.push_back(std::move(begin));
        admit();
    }

  private:
    void admit() {
        // One that ends at once does not begin the next from within itself.
        if (std::exchange(admitting_, true)) return;
        while (inside_ < at_once_ && !waiting_.empty()) {
            const Begin begin = std::move(waiting_.front());
            waiting_.pop_front();
            ++inside_;
            begin([this] {
                --inside_;
                admit();
            });
        }
        admitting_ = false;
    }

    unsigned at_once_;
    unsigned inside_ = 0;
    bool admitting_ = false;
    std::deque<Begin> waiting_;
};

} // namespace mpapi
