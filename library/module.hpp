// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A shared object of a plugin, open as long as this lives.
#pragma once

#include "library/entry_points.hpp"

#include <optional>
#include <string>
#include <utility>

namespace mpapi::library {

class Module {
  public:
    // Nothing if there is no such regular file (opening a FIFO would wait for ever), if it ends
    // before its segments do (touching them would end the process), or if the dynamic loader
    // refuses it: not a shared object, of another architecture, with symbols that nobody defines
    // (all are bound now, for a call that misses one later would end the process, too). Throws
    // bad_alloc if no descriptor is left to find that out.
    static std::optional<Module> open(const std::string& file);

    Module(Module&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
    Module& operator=(Module&&) = delete;
    ~Module();

    // Equal for one file, however it is called: by another path, through a link.
    bool operator==(const Module& other) const noexcept { return handle_ == other.handle_; }

    EntryPoints entry_points() const;

  private:
    explicit Module(void* handle) noexcept
      : handle_(handle) {}
    void* own_symbol(const char* name) const;

    void* handle_;
};

} // namespace mpapi::library
