// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/module.hpp"

#include <dlfcn.h>
#include <link.h>
#include <sys/stat.h>

namespace mpapi::library {

std::optional<Module> Module::open(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
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
