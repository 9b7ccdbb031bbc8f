// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which multipath settings are in force for a map, and where each comes from.
//
// Precedence, from the strongest (multipath.conf(5), "multipaths", "devices" and "overrides
// section"; libmultipath/propsel.c of multipath-tools 0.9.4):
//   multipaths > overrides/protocol > overrides > devices > built-in devices > defaults > built-in
//   defaults.
// Inside of one of them the later entry wins, attribute by attribute; files of the configuration
// directory count as later than multipath.conf, in alphabetical order. Two device entries whose
// vendor, product and revision are the same text are one entry, at the place of the later one
// (factorize_hwtable()), which can reverse the order of entries that overlap.
//
// What multipathd has loaded (`show config`) is the truth for the values; the files say where a
// value was written. Where the two differ, because a file was changed since or multipathd does not
// accept what it says, the setting carries both. Without `show config` the files alone speak, and
// what is built into multipathd is not listed.
//
// Beyond reach of any configuration, and told in a note: with detect_prio, detect_checker and
// retain_attached_hw_handler the device itself decides at run time.
#pragma once

#include "common/multipath_conf/parser.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::multipath_conf {

// What multipathd matches its configuration against. vendor, product and revision as INQUIRY has
// them, without the blanks at the end; those of the map's first path.
struct MapIdentity {
    std::string wwid;
    std::string vendor;
    std::string product;
    std::string revision;
    std::string protocol; // "scsi:iscsi", "scsi:fcp"...; empty: no protocol section applies
};

enum class Source : std::uint8_t {
    BuiltIn,
    Defaults,
    Devices,
    Overrides,
    Multipaths,
};

// "built-in", "defaults", "devices", "overrides", "multipaths".
std::string_view to_string(Source source) noexcept;

struct Setting {
    std::string key;
    std::string value;
    Source source = Source::BuiltIn;
    std::string section;    // "devices/device \"LIO-ORG\" \"TCMU\"", "overrides/protocol scsi:fcp"
    std::string file;       // empty: built-in, or no file says so any more
    std::uint32_t line = 0; // in `file`, from 1
    std::string written;    // what stands there, where that means something else than `value`
    std::string note;       // a sentence, where there is more to know

    bool operator==(const Setting&) const = default;
};

// Prepared once for many maps: expressions are compiled and device matches remembered.
// Not for use by two threads at once.
class EffectiveSettings {
  public:
    // `files` in the order multipathd reads them: multipath.conf, then the directory's *.conf
    // sorted by name. `shown` is the reply to "show config"; absent if multipathd cannot be asked.
    // Device entries beyond the first 4096 are not looked at.
    EffectiveSettings(std::span<const ConfFile> files, const std::optional<ConfFile>& shown);
    ~EffectiveSettings();
    EffectiveSettings(EffectiveSettings&&) noexcept;
    EffectiveSettings& operator=(EffectiveSettings&&) noexcept;

    // Sorted by key.
    std::vector<Setting> of(const MapIdentity& map);

  private:
    struct Prepared;
    std::unique_ptr<Prepared> prepared_;
};

// The same for one map.
std::vector<Setting> effective_settings(std::span<const ConfFile> files,
                                        const std::optional<ConfFile>& shown,
                                        const MapIdentity& map);

} // namespace mpapi::multipath_conf
