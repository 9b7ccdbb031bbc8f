// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/picture.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

namespace mpapi::plugin {

Result<Mapping> Mapping::map(int fd, int seals, int flags) {
    const int has = ::fcntl(fd, F_GET_SEALS);
    if (has < 0) return Error{"look at", "memory file", "", errno};
    if ((has & seals) != seals) return Error{"map", "memory file", "it is not sealed", 0};
    struct stat status {};
    if (::fstat(fd, &status) < 0) return Error{"look at", "memory file", "", errno};
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return Error{"map", "memory file", "it is empty", 0};
    const void* at = ::mmap(nullptr, size, PROT_READ, flags, fd, 0);
    if (at == MAP_FAILED) return Error{"map", "memory file", "", errno};
    return Mapping(std::span(static_cast<const std::byte*>(at), size));
}

Mapping::~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<std::shared_ptr<const Page>> Page::map(int fd) {
    auto mapping = Mapping::map(fd, F_SEAL_SHRINK, MAP_SHARED);
    if (!mapping) return std::move(mapping).error();
    std::shared_ptr<const Page> self(new Page(std::move(*mapping)));
    if (self->mapping_.bytes().size() < sizeof(flat::GenerationPage) ||
        self->page().magic != flat::kPageMagic)
        return Error{"read", "generation page", "it is of another version of the daemon", 0};
    return self;
}

Result<PicturePtr> Picture::map(int fd, std::shared_ptr<const Page> page, std::uint64_t build) {
    // Private: older kernels let nobody share what is sealed against writing.
    auto mapping = Mapping::map(fd, F_SEAL_SHRINK | F_SEAL_WRITE, MAP_PRIVATE);
    if (!mapping) return std::move(mapping).error();
    const auto reader = flat::Reader::open(mapping->bytes(), build);
    if (!reader) return reader.error();
    PicturePtr self(new Picture(std::move(*mapping), *reader, std::move(page)));
    if (self->instance() != self->page_->instance())
        return Error{"read a snapshot", "", "the daemon was restarted meanwhile", 0};
    return self;
}

} // namespace mpapi::plugin
