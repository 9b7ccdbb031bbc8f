// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What went wrong, told on stderr as it happens, and whether the command has failed by it. With
// --json each message is one JSON object on a line of its own (mpathadm-json(5)).
#pragma once

#include "cli/objects.hpp"

#include <mpapi.h>

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::cli {

class Report {
  public:
    struct How {
        bool json = false;
        bool strict = false; // an object that was not found makes the command fail
    };
    explicit Report(How how)
      : how_(how) {}

    // An operation failed: "mpathadm: Error: <text>". The texts are the reference's.
    void failed(std::string_view text, std::optional<MP_STATUS> status = {});
    // The same, about an object that it names: "Error: <text>".
    void failed_named(std::string_view text, std::optional<MP_STATUS> status = {});
    // The object that was asked for is not there: "Error: <text>". Not told where a list failed,
    // which may have it.
    void not_found(std::string_view text);
    // Something the user should know that is no failure.
    void note(std::string_view text);
    // A list could not be had; of this plugin. What hinders the plugin is told too, once.
    void list_failed(std::string_view text, MP_STATUS status);
    void plugin_failed(const Plugin& plugin, std::string_view text, MP_STATUS status);

    bool failed() const { return failed_; }
    bool lists_failed() const { return lists_failed_; }
    // All that was asked for was there and could be read.
    bool complete() const { return !failed_ && !missing_; }

  private:
    void tell(std::string_view kind, std::string_view prefix, std::string_view text,
              std::optional<MP_STATUS> status);

    How how_;
    bool failed_ = false;
    bool lists_failed_ = false;
    bool missing_ = false;
    bool hinted_ = false;
};

// The plugin of this project speaks for a daemon. It answers without it, all but lists, and tells
// in a property of its own what hinders it: that, and what to do. Empty of any other plugin.
std::string next_step(const Plugin& plugin);

} // namespace mpapi::cli
