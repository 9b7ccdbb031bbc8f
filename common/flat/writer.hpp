// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a snapshot to its flat form (layout.hpp). Encoding is what costs, so a file is made from the
// one before it: sections whose part of the model is still the very same (the shared blocks of
// ChunkedTable) are copied from there, the others are encoded. What is kept between the two is only
// where each section lies; the previous file itself holds the bytes.
#pragma once

#include "common/flat/layout.hpp"
#include "common/model/snapshot.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <span>

namespace mpapi::flat {

// The file that is written, and the one before it. Pieces come in no order and do not overlap;
// together they are the whole file.
class File {
  public:
    virtual ~File() = default;
    virtual Status write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    // From the previous file. Not called where there is none.
    virtual Status copy(std::uint64_t from, std::uint64_t to, std::uint64_t size) = 0;
    virtual Status read_previous(std::uint64_t offset, std::span<std::byte> into) = 0;
};

// What a file holds. Does not keep the snapshot alive.
struct Contents {
    struct Part {
        Place section;
        std::uint64_t first = 0; // ids
        std::uint64_t last = 0;
    };
    // A block of the model is known by its identity: it is immutable, and the weak pointer keeps
    // another from taking its place.
    using Parts = std::map<std::weak_ptr<const void>, Part, std::owner_less<>>;
    Parts units;
    Parts disks;
    Directory paths;
    Directory groups;
};

// `previous` is null where there is no previous file. `build` is build_hash() of the daemon's
// version. After a failure what was written is worth nothing. Usable from any thread.
Result<Contents> write(const model::Snapshot& snapshot, std::uint64_t build, File& file,
                       const Contents* previous);

} // namespace mpapi::flat
