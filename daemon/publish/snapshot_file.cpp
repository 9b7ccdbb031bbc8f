// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/snapshot_file.hpp"

#include "common/flat/writer.hpp"
#include "daemon/publish/sealed_file.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace mpapi::publish {

Result<Fd> write_snapshot_file(const model::Snapshot& snapshot) {
    auto file = SealedFile::create("mpapi-snapshot");
    if (!file) return std::move(file).error();
    flat::Writer writer(snapshot, flat::build_hash(MPAPI_VERSION));
    const std::size_t size = writer.head_size();
    // Records are written where they are to be: a copy of some 15 MB costs as much as making it.
    if (ftruncate(file->fd(), static_cast<off_t>(size)) < 0)
        return Error{"size a memfd", "mpapi-snapshot", "", errno};
    void* at =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file->fd(), 0);
    if (at == MAP_FAILED) return Error{"map a memfd", "mpapi-snapshot", "", errno};
    auto status = writer.fill({static_cast<std::byte*>(at), size});
    munmap(at, size);
    if (!status) return std::move(status).error();
    if (lseek(file->fd(), 0, SEEK_END) < 0) return Error{"seek in a memfd", "", "", errno};
    for (const auto& piece : writer.tail()) {
        status = file->write({reinterpret_cast<const char*>(piece.data()), piece.size()});
        if (!status) return std::move(status).error();
    }
    return std::move(*file).seal();
}

} // namespace mpapi::publish
