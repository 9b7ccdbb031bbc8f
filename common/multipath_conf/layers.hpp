// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sections of a configuration put in order for look-up: one layer of attributes for each
// strength, merged as multipathd merges them. Inner part of effective.hpp.
#pragma once

#include "common/multipath_conf/effective.hpp"
#include "common/multipath_conf/pattern.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace mpapi::multipath_conf {

struct Value {
    std::string text;
    std::string section;
    std::string_view file; // of Layers' own copy
    std::uint32_t line = 0;
};

using Attributes = std::map<std::string, Value, std::less<>>;

// The layers that apply to one map; refers to the Layers that made it.
class MapLayers {
  public:
    const Attributes& operator[](Source source) const noexcept {
        static const Attributes none;
        const auto index = static_cast<std::size_t>(source);
        return layers_[index] == nullptr ? none : *layers_[index];
    }
    void set(Source source, const Attributes* attributes) noexcept {
        layers_[static_cast<std::size_t>(source)] = attributes;
    }

  private:
    std::array<const Attributes*, 5> layers_{};
};

// Whether attributes were accepted by a multipathd, or must be held against the keyword table.
enum class Trust { Checked, Unchecked };

class Layers {
  public:
    Layers(std::span<const ConfFile> files, Trust trust);
    Layers(const Layers&) = delete; // values refer to file_names_

    MapLayers of(const MapIdentity& map);

  private:
    struct Device {
        std::string vendor;
        std::string product;
        std::optional<std::string> revision;
        Attributes attributes;
        // Empty expressions: one did not compile, so the entry matches nothing.
        std::vector<Pattern> patterns;

        bool matches(const MapIdentity& map) const;
        bool same_text(const Device& other) const noexcept;
    };

    void add(const Section& section, std::string_view file, Trust trust);
    void add_device(const Section& section, std::string_view file, Trust trust);
    static void merge(Attributes& into, const Section& section, std::string_view name,
                      std::string_view file, std::uint8_t section_bit, Trust trust);

    const Attributes* devices_of(const MapIdentity& map);
    const Attributes* overrides_of(const std::string& protocol);

    std::vector<std::unique_ptr<std::string>> file_names_;
    Attributes defaults_;
    std::vector<Device> devices_;
    Attributes overrides_;
    std::map<std::string, Attributes, std::less<>> protocols_;
    std::map<std::string, Attributes, std::less<>> multipaths_;

    // What was merged for a device type or protocol: a site has few, and maps by the thousand.
    using DeviceType = std::tuple<std::string, std::string, std::string>;
    std::map<DeviceType, std::unique_ptr<Attributes>> device_cache_;
    std::map<std::string, std::unique_ptr<Attributes>> override_cache_;
};

} // namespace mpapi::multipath_conf
