// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugins that this process uses: loaded at the first visit, then unchanged until the library
// is closed or the process ends.
#pragma once

#include "library/entry_points.hpp"
#include "library/events.hpp"
#include "library/module.hpp"

#include <memory>
#include <span>

namespace mpapi::library {

class Plugin {
  public:
    Plugin(Module module, const EntryPoints& entry_points, MP_UINT32 owner_id)
      : entry(entry_points)
      , owner(owner_id)
      , module_(std::move(module)) {}
    ~Plugin(); // terminates it if it was initialized
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    bool initialize();
    bool is(const Module& module) const noexcept { return module_ == module; }

    const EntryPoints entry;
    const MP_UINT32 owner;
    PluginEvents events;

  private:
    Module module_;
    bool initialized_ = false;
};

// A call of the API. As long as it lives no plugin is unloaded.
class Visit {
  public:
    Visit();
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    // Owner ids are 1, 2, ... in this order. None once unloading has begun, and none for what a
    // plugin calls while it is being loaded.
    std::span<const std::unique_ptr<Plugin>> plugins() const noexcept { return plugins_; }

  private:
    std::span<const std::unique_ptr<Plugin>> plugins_;
};

// The configuration is about to change, and that must not concern this process: what there is now
// is what will be loaded, should that not have happened yet.
void keep_configuration();

} // namespace mpapi::library
