// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For shared objects that have libstdc++ within them: the memory that it sets aside for exceptions
// when there is none left (72 KiB) would stay behind each time that one is unloaded. libstdc++ has
// a function that gives it back, for tools that look for leaks; no header declares it.
// NOLINTBEGIN(bugprone-reserved-identifier): it is the implementation's
namespace __gnu_cxx {
void __freeres();
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

__attribute__((destructor)) void give_back() {
    __gnu_cxx::__freeres();
}

} // namespace
