// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/generation_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace mpapi::publish {

namespace {

// Until this thread ends, however it does.
int hold(pthread_mutex_t& life) {
    pthread_mutexattr_t attributes;
    if (const int error = pthread_mutexattr_init(&attributes)) return error;
    int error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (!error) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (!error) error = pthread_mutex_init(&life, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error ? error : pthread_mutex_lock(&life);
}

} // namespace

Result<std::unique_ptr<GenerationPage>> GenerationPage::create() {
    Fd fd(memfd_create("mpapi-generation", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return Error{"make a memfd", "generation page", "", errno};
    if (ftruncate(fd.get(), static_cast<off_t>(flat::kPageSize)) < 0)
        return Error{"size a memfd", "generation page", "", errno};
    void* at = mmap(nullptr, flat::kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return Error{"map a memfd", "generation page", "", errno};
    auto* page = new (at) flat::GenerationPage{flat::kPageMagic, 0, 0, {}};
    std::unique_ptr<GenerationPage> self(new GenerationPage(std::move(fd), page));
    if (const int error = hold(page->life)) return Error{"hold", "generation page", "", error};
    if (fcntl(self->fd_.get(), F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
        return Error{"seal a memfd", "generation page", "", errno};
    return self;
}

GenerationPage::~GenerationPage() {
    page_->instance.store(0, std::memory_order_release);
    pthread_mutex_unlock(&page_->life);
    munmap(page_, flat::kPageSize);
}

void GenerationPage::set(std::uint64_t instance, std::uint64_t generation) {
    // The instance of a daemon never changes, so the order of the two does not matter to a reader.
    page_->generation.store(generation, std::memory_order_release);
    page_->instance.store(instance, std::memory_order_release);
}

} // namespace mpapi::publish
