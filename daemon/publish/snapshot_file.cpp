// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/snapshot_file.hpp"

#include "common/flat/writer.hpp"
#include "daemon/publish/sealed_file.hpp"

namespace mpapi::publish {

Result<Fd> write_snapshot_file(const model::Snapshot& snapshot) {
    auto file = SealedFile::create("mpapi-snapshot");
    if (!file) return std::move(file).error();
    flat::Writer writer(snapshot, flat::build_hash(MPAPI_VERSION),
                        [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                            return file->write_at(
                                offset,
                                {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
                        });
    if (auto status = writer.write(); !status) return std::move(status).error();
    return std::move(*file).seal();
}

} // namespace mpapi::publish
