// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/sealed_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

namespace mpapi::publish {

Result<SealedFile> SealedFile::create(const char* name) {
    Fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return Error{"make a memfd", name, "", errno};
    return SealedFile(std::move(fd));
}

Status SealedFile::write(std::string_view bytes) {
    auto status = write_at(end_, bytes);
    end_ += bytes.size();
    return status;
}

Status SealedFile::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written =
            pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return Error{"write a memfd", "", "", written < 0 ? errno : ENOSPC};
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return Done{};
}

Status SealedFile::copy_from(int other, std::uint64_t from, std::uint64_t to, std::uint64_t size) {
    auto source = static_cast<loff_t>(from);
    auto target = static_cast<loff_t>(to);
    while (size != 0) {
        const ssize_t copied =
            copy_file_range(other, &source, fd_.get(), &target, static_cast<std::size_t>(size), 0);
        if (copied < 0 && errno == EINTR) continue;
        if (copied <= 0) return Error{"copy a memfd", "", "", copied < 0 ? errno : ENODATA};
        size -= static_cast<std::uint64_t>(copied);
    }
    return Done{};
}

void SealedFile::Unmap::operator()(std::uint8_t* at) const {
    munmap(at, size);
}

Result<std::span<std::uint8_t>> SealedFile::map(std::size_t size) {
    if (ftruncate(fd_.get(), static_cast<off_t>(size)) < 0)
        return Error{"size a memfd", "", "", errno};
    // Populated: one call in place of a fault for each page.
    void* const at =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_.get(), 0);
    if (at == MAP_FAILED) return Error{"map a memfd", "", "", errno};
    auto* const bytes = static_cast<std::uint8_t*>(at);
    mapped_ = std::unique_ptr<std::uint8_t, Unmap>(bytes, Unmap{size});
    return std::span(bytes, size);
}

Result<Fd> SealedFile::seal() && {
    mapped_.reset(); // what is mapped for writing cannot be sealed against it
    if (fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return Error{"seal a memfd", "", "", errno};
    return std::move(fd_);
}

} // namespace mpapi::publish
