// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/module.hpp"

#include "library/fd.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mpapi::library {
namespace {

template <typename Record>
bool read_at(const Fd& file, std::uint64_t offset, Record& record) {
    return offset <= INT64_MAX - sizeof record &&
           ::pread(file.get(), &record, sizeof record, static_cast<off_t>(offset)) ==
               static_cast<ssize_t>(sizeof record);
}

// The dynamic loader maps what the program headers say without asking how long the file is: a copy
// that broke off half way, or has not come further yet, would end in SIGBUS.
bool is_whole(const Fd& file) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    ElfW(Ehdr) header;
    if (!read_at(file, 0, header)) return false;
    constexpr unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != own_class || header.e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    for (std::uint64_t index = 0; index < header.e_phnum; ++index) {
        ElfW(Phdr) segment;
        if (!read_at(file, header.e_phoff + index * sizeof segment, segment)) return false;
        if (segment.p_type != PT_LOAD) continue;
        if (segment.p_filesz > size || segment.p_offset > size - segment.p_filesz) return false;
    }
    return true;
}

} // namespace

std::optional<Module> Module::open(const std::string& file) {
    if (!is_whole(open_to_read(file))) return std::nullopt;
    // Not RTLD_DEEPBIND against interposition: it would split malloc from free where a program
    // brings its own. A plugin's call that comes to us instead of itself is dispatched back to it.
    void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return std::nullopt;
    return Module(handle);
}

Module::~Module() {
    if (handle_ != nullptr) ::dlclose(handle_);
}

// dlsym also looks into the libraries that the object is linked with. One of them may be this one,
// and our own function, taken for the plugin's, would call itself for ever.
void* Module::own_symbol(const char* name) const {
    void* const symbol = ::dlsym(handle_, name);
    if (symbol == nullptr) return nullptr;
    link_map* own = nullptr;
    if (::dlinfo(handle_, RTLD_DI_LINKMAP, &own) != 0) return nullptr;
    Dl_info info{};
    void* definer = nullptr;
    if (::dladdr1(symbol, &info, &definer, RTLD_DL_LINKMAP) == 0 || definer != own) return nullptr;
    return symbol;
}

EntryPoints Module::entry_points() const {
    EntryPoints entry;
#define MPAPI_FIND(name) entry.name = reinterpret_cast<decltype(entry.name)>(own_symbol(#name));
    MPAPI_ENTRY_POINTS(MPAPI_FIND)
#undef MPAPI_FIND
    return entry;
}

} // namespace mpapi::library
