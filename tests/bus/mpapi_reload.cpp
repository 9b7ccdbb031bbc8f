// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-reload TIMES: opens libMPAPI, which loads the plugin, reads, registers for everything and
// closes the library, again and again. Says how many pages, descriptors and threads there were
// after the first tenth and at the end.
#include "library/include/mpapi.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

[[noreturn]] void wrong(const char* what, long value) {
    std::fprintf(stderr, "mpapi-reload: %s: %ld\n", what, value);
    std::exit(1);
}

template <typename Function>
Function* in(void* library, const char* name, Function*) {
    void* const symbol = ::dlsym(library, name);
    if (symbol == nullptr) wrong(name, 0);
    return reinterpret_cast<Function*>(symbol);
}

#define IN(library, name) in(library, #name, static_cast<decltype(&::name)>(nullptr))

void round() {
    void* const library = ::dlopen(MPAPI_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) wrong(::dlerror(), 0);
    MP_OID_LIST* list = nullptr;
    if (IN(library, MP_GetPluginOidList)(&list) != MP_STATUS_SUCCESS || list->oidCount != 1)
        wrong("plugins", list ? list->oidCount : 0);
    const MP_OID plugin = list->oids[0];
    IN(library, MP_FreeOidList)(list);
    if (const MP_STATUS status = IN(library, MP_GetMultipathLus)(plugin, &list);
        status != MP_STATUS_SUCCESS || list->oidCount == 0)
        wrong("units", status);
    IN(library, MP_FreeOidList)(list);
    const MP_OBJECT_PROPERTY_FN changed = [](MP_OID_LIST*, void*) {};
    if (const MP_STATUS status = IN(library, MP_RegisterForObjectPropertyChanges)(
            changed, MP_OBJECT_TYPE_UNKNOWN, nullptr, plugin);
        status != MP_STATUS_SUCCESS)
        wrong("register", status);
    ::dlclose(library);
    if (::dlopen(MPAPI_LINUX, RTLD_LAZY | RTLD_NOLOAD) != nullptr) wrong("the plugin stays", 0);
}

long pages() {
    long size = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident;
}

long entries(const char* folder) {
    const std::filesystem::directory_iterator all(folder);
    return std::distance(begin(all), end(all));
}

void say(const char* when) {
    std::printf("\"%s\":{\"pages\":%ld,\"descriptors\":%ld,\"threads\":%ld}", when, pages(),
                entries("/proc/self/fd"), entries("/proc/self/task"));
}

} // namespace

int main(int, char** words) {
    const int times = std::atoi(words[1]);
    for (int turn = 0; turn < times / 10; ++turn)
        round();
    std::printf("{");
    say("before");
    for (int turn = 0; turn < times; ++turn)
        round();
    std::printf(",");
    say("after");
    std::printf("}\n");
}
