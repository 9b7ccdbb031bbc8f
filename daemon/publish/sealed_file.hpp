// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file in memory that is written once and can then be given to anybody: nobody, its maker
// included, can change or shrink it any more. Usable from any thread.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <string_view>

namespace mpapi::publish {

class SealedFile {
  public:
    static Result<SealedFile> create(const char* name);

    Status write(std::string_view bytes);
    // The end of writing. The descriptor stands at the beginning of the file.
    Result<Fd> seal() &&;

    int fd() const { return fd_.get(); }

  private:
    explicit SealedFile(Fd fd)
      : fd_(std::move(fd)) {}

    Fd fd_;
};

} // namespace mpapi::publish
