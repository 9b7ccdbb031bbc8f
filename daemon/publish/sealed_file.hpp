// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file in memory that is written once and can then be given to anybody: nobody, its maker
// included, can change or shrink it any more. Usable from any thread.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mpapi::publish {

class SealedFile {
  public:
    static Result<SealedFile> create(const char* name);

    Status write(std::string_view bytes); // behind what was written so
    Status write_at(std::uint64_t offset, std::string_view bytes);
    // Bytes of another file, without passing through this process.
    Status copy_from(int other, std::uint64_t from, std::uint64_t to, std::uint64_t size);
    // The first `size` bytes (not 0) of the file, which are zero, to be filled in place; at the
    // beginning of a page. Theirs until seal(), and once for a file.
    Result<std::span<std::uint8_t>> map(std::size_t size);
    // The end of writing. The descriptor stands at the beginning of the file.
    Result<Fd> seal() &&;

  private:
    struct Unmap {
        std::size_t size;
        void operator()(std::uint8_t* at) const;
    };

    explicit SealedFile(Fd fd)
      : fd_(std::move(fd)) {}

    Fd fd_;
    std::unique_ptr<std::uint8_t, Unmap> mapped_;
    std::uint64_t end_ = 0;
};

} // namespace mpapi::publish
