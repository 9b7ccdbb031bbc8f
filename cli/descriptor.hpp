// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owns a file descriptor; negative if there is none.
#pragma once

#include <unistd.h>

namespace mpapi::cli {

class Descriptor {
  public:
    explicit Descriptor(int number)
      : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return number_; }

  private:
    int number_;
};

} // namespace mpapi::cli
