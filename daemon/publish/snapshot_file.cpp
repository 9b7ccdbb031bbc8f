// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/snapshot_file.hpp"

#include "daemon/publish/sealed_file.hpp"

#include <fcntl.h>

#include <cerrno>

namespace mpapi::publish {

namespace {

class Output final : public flat::File {
  public:
    Output(SealedFile& file, int previous)
      : file_(file)
      , previous_(previous) {}

    Status write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return file_.write_at(offset, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    Status copy(std::uint64_t from, std::uint64_t to, std::uint64_t size) override {
        return file_.copy_from(previous_, from, to, size);
    }
    Status read_previous(std::uint64_t offset, std::span<std::byte> into) override {
        while (!into.empty()) {
            const ssize_t got =
                pread(previous_, into.data(), into.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return Error{"read a memfd", "", "", got < 0 ? errno : ENODATA};
            into = into.subspan(static_cast<std::size_t>(got));
            offset += static_cast<std::uint64_t>(got);
        }
        return Done{};
    }

  private:
    SealedFile& file_;
    int previous_;
};

} // namespace

Result<Fd> SnapshotFiles::write(const model::Snapshot& snapshot) {
    auto file = SealedFile::create("mpapi-snapshot");
    if (!file) return std::move(file).error();
    Output output(*file, last_ ? last_->fd.get() : -1);
    auto contents = flat::write(snapshot, flat::build_hash(MPAPI_VERSION), output,
                                last_ ? &last_->contents : nullptr);
    if (!contents) return std::move(contents).error();
    auto sealed = std::move(*file).seal();
    if (!sealed) return sealed;
    if (last_) replaced_ = std::move(last_->fd);
    last_.reset();
    // Without a descriptor to spare the next is written whole.
    if (Fd kept(fcntl(sealed->get(), F_DUPFD_CLOEXEC, 3)); kept)
        last_ = Last{std::move(kept), std::move(*contents)};
    return sealed;
}

} // namespace mpapi::publish
