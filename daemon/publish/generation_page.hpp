// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The daemon's side of the shared page (common/flat/generation_page.hpp): a memfd whose only
// writable mapping is ours, F_SEAL_FUTURE_WRITE keeping everybody else from making one.
#pragma once

#include "common/flat/generation_page.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <memory>

namespace mpapi::publish {

// Made and destroyed on one thread, the one whose life is the daemon's.
class GenerationPage {
  public:
    static Result<std::unique_ptr<GenerationPage>> create();
    ~GenerationPage();
    GenerationPage(const GenerationPage&) = delete;
    GenerationPage& operator=(const GenerationPage&) = delete;

    // Readers see the new generation from here on, so the snapshot must be obtainable already.
    void set(std::uint64_t instance, std::uint64_t generation);
    int fd() const { return fd_.get(); }

  private:
    GenerationPage(Fd fd, flat::GenerationPage* page)
      : fd_(std::move(fd))
      , page_(page) {}

    Fd fd_;
    flat::GenerationPage* page_;
};

} // namespace mpapi::publish
